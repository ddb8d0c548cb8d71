"""Clean cases that look like leaks; none may be called a violation or an inflation."""

from dataclasses import replace

import catalogue as c
import numpy as np
from catalogue import add, clean, context, parts
from planted import gauge, new_wells

from outcrop.split.area import area
from outcrop.split.promise import folds
from outcrop.view.patches import patches
from outcrop.view.points import points
from outcrop.view.sequences import sequences
from outcrop.view.windows import windows


def noise(i, n=300, length=0.01):
    return c.smooth(np.random.default_rng((77, i)), n, length)


@clean("wells", "ordinary wells in rotation")
def ordinary_wells():
    records = c.wells()
    view = windows(records, 64)
    split = folds("new", view.origins, key="well", folds=4)[1]
    return context(records, view, split, "Y", 3, key="well", held_out=12)


@clean("wells", "Vp as an input for Vs")
def vp_for_vs():
    made = [add(r, VP=1.7 * r.data.Y.to_numpy() + 0.25 * noise(i)) for i, r in enumerate(c.wells(facies=False))]
    return new_wells(made, 0)


@clean("wells", "bulk density as an input for core porosity")
def density_for_porosity():
    made = []
    for i, record in enumerate(c.wells(facies=False)):
        made.append(add(record, RHOB=2.65 - 1.65 * (0.2 + 0.05 * record.data.Y.to_numpy()) + 0.012 * noise(i)))
    return new_wells(made, 0)


@clean("wells", "depth as an input")
def depth_as_input():
    return new_wells([add(r, DEPTH=r.data.depth.to_numpy()) for r in c.wells()])


@clean("wells", "deep and medium resistivity, correlated by 0.99")
def two_resistivities():
    made = [add(r, RMED=noise(i, length=4), RDEP=noise(i, length=4) + 0.1 * noise(50 + i)) for i, r in
            enumerate(c.wells())]  # fmt: skip
    return new_wells(made)


@clean("wells", "stretches of a stuck tool with the same constants in two wells")
def stuck_tool():
    records = c.wells()
    for i in (4, 10):
        data = records[i].data.copy(deep=True)
        for k, name in enumerate(("GR", "RHOB", "NPHI", "DTC")):
            data[name][20:90] = k + 0.5
        records[i] = records[i].with_data(data)
    return new_wells(records)


@clean("wells", "coarse logs whose rows recur in every well")
def coarse_rows():
    records = [add(r, **{n: np.round(r.data[n].to_numpy()) for n in ("GR", "RHOB", "NPHI", "DTC")}) for r in c.wells()]
    return new_wells(records)


@clean("wells", "a sidetrack whose root is promised")
def declared_sidetrack():
    records = c.wells()
    records[11] = replace(records[11], groups={"well": "W11", "well_root": "W10"})
    return new_wells(records, key="well_root")


@clean("seismic cube", "every third inline under the promise between")
def between_lines():
    record = c.cube()
    view = patches([record], {"crossline": 16, "twt": 40})
    return context([record], view, parts(c.start_of(view, "inline") % 3 == 1, "between = inline"), "Y", 4)


@clean("seismic cube", "a block of inlines with a buffer wider than the likeness of lines")
def buffered_lines():
    record = c.cube(120)
    view = patches([record], {"crossline": 16, "twt": 40})
    line = c.start_of(view, "inline")
    return context([record], view, parts(line >= 90, "area = 1000 m", keep=(line < 50) | (line >= 90)), "Y", 4)


@clean("seismic lines", "lines of their own, overlapping patches inside each part")
def separate_lines():
    records = [c.line(i) for i in range(12)]
    view = patches(records, {"trace": 20, "twt": 50})
    return context(
        records, view, c.by_record(view, ("line 3", "line 9"), "new = line"), "Y", 3, key="line", held_out=12
    )


@clean("weather grid", "forecasts of a later time whose history lies before it")
def history_before_the_border():
    record = c.weather()
    view = points([record], range(-24, 1), lead=1)
    first = view.origins.scores.ranges["time"][:, 0]
    return context([record], view, parts(first >= 300, "later = 1998-01-13"), "Y")


@clean("weather grid", "hours of the day known over the horizon of a forecast")
def known_hours():
    record = c.weather()
    hour = np.arange(len(record.data.time)) % 24
    record = add(record, HOUR=np.broadcast_to(hour[:, None, None], record.shape).astype(float))
    view = sequences([record], 24, horizon=12, known_future=("HOUR",))
    return context([record], view, c.after(view, 300), "Y")


@clean("weather grid", "a forecast with overlapping histories inside each part")
def overlapping_histories():
    record = c.weather()
    view = points([record], range(-24, 1), lead=6)
    return context([record], view, c.after(view, 300), "Y")


@clean("weather grid", "rain summed up to its stamp, one hour ahead")
def rain_before_its_stamp():
    record = c.weather(attributes={"cell": "accumulated", "stamp": "end"})
    view = points([record], range(-5, 1), lead=1)
    return context([record], view, c.after(view, 300), "Y")


@clean("weather grid", "the field at the time of issue as an input of a forecast (persistence)")
def persistence_input():
    record = c.weather()
    record = add(record, NOW=record.data.Y.to_numpy())
    view = points([record], range(-5, 1), lead=3)
    return context([record], view, c.after(view, 300), "Y")


@clean("weather grid", "latitude and elevation as inputs, a later time")
def latitude_as_input():
    record = c.weather()
    height = np.broadcast_to(100 * np.abs(c.smooth(np.random.default_rng(0), (6, 8), 1)), (400, 6, 8))
    latitude = np.broadcast_to(record.data.latitude.to_numpy()[:, None], (400, 6, 8))
    record = add(record, ELEVATION=height, LATITUDE=latitude)
    view = points([record])
    return context([record], view, c.after(view, 300), "Y")


@clean("weather grid", "a state carried with a gap as long as it reaches")
def carried_state_with_gap():
    record = c.weather()
    size = {"time": 24, "latitude": 6, "longitude": 8}
    view = patches([record], size, size)
    return context([record], view, c.after(view, 312, gap=48), "Y", reach={"time": (0, 48)})


@clean("river gauges", "sine and cosine of the day of year")
def seasonal_inputs():
    phase = np.arange(900) / 365.25 * 2 * np.pi
    return gauge(add(c.river(), SIN=np.sin(phase), COS=np.cos(phase)))


@clean("river gauges", "the 30-day sum of past rain as an input")
def antecedent_rain():
    record = c.river()
    rain = np.convolve(record.data.RAIN.to_numpy(), np.ones(30))[:900]
    return gauge(add(record, RAIN30=rain))


@clean("river gauges", "a running mean of the target with a gap as long")
def running_mean_with_gap():
    record = c.river()
    target = np.convolve(np.random.default_rng(0).normal(size=929), np.ones(30) / 30, "valid")
    return gauge(add(record, Q=target), gap=30)


@clean("river gauges", "the mean of the 7 days before, known at the time of use")
def past_mean():
    record = c.river()
    flow = record.data.Q.to_numpy()
    before = np.r_[np.full(7, flow[0]), np.convolve(flow, np.ones(7) / 7, "valid")[:-1]]
    return gauge(add(record, QBEFORE=before))


@clean("river gauges", "nested gauges declared as one river")
def declared_nested():
    records = [c.river(seed=i, name=f"G{i}", groups={"gauge": f"G{i}", "river": f"R{i // 2}"}) for i in range(12)]
    records[11] = add(records[11], Q=records[10].data.Q.to_numpy() * 1.4 + 0.05)
    view = points(records)
    split = c.by_record(view, ("G8", "G9", "G10", "G11"), "new = river")
    nested = {"G11": ["G10"], "G9": ["G8"]}
    return context(records, view, split, "Q", key="river", held_out=10, upstream=nested)


@clean("river gauges", "catchment area and slope, constant in each of many gauges")
def static_attributes():
    rng = np.random.default_rng(0)
    made = []
    for i in range(60):
        record = c.river(300, seed=i, name=f"G{i}", groups={"gauge": f"G{i}"})
        area_km2, slope = float(np.exp(rng.normal(5, 1)).round()), rng.random()
        made.append(add(record, AREA=np.full(300, area_km2), SLOPE=np.full(300, slope)))
    view = points(made)
    split = folds("new", view.origins, key="gauge", folds=5)[0]
    return context(made, view, split, "Q", key="gauge", held_out=60)


@clean("stations", "elevation in whole metres as an input for a new station")
def elevation_as_input():
    rng = np.random.default_rng(0)
    made = [add(r, ELEVATION=np.full(400, float(rng.integers(20, 900)))) for r in c.stations()]
    view = points(made)
    split = c.by_record(view, ("S2", "S5", "S9"), "new = station")
    return context(made, view, split, "Y", key="station", held_out=12)


@clean("stations", "neighbours correlated by 0.9 and a new station")
def alike_stations():
    rng = np.random.default_rng(0)
    common = c.smooth(rng, 400, 6)
    made = [add(r, Y=common + 0.3 * c.smooth(rng, 400, 3)) for r in c.stations()]
    view = points(made)
    split = c.by_record(view, ("S2", "S5", "S9"), "new = station")
    return context(made, view, split, "Y", key="station", held_out=12)


@clean("stations", "stations along a dimension, some held out")
def stations_held_out():
    record = c.station_grid()
    view = points([record], range(-3, 1))
    split = parts(c.start_of(view, "station") >= 8, "new = station")
    return context([record], view, split, "Y", key="station", held_out=10)


@clean("stations", "one weather for all stations, whose targets differ")
def common_forcing():
    rng = np.random.default_rng(0)
    weather = {k: c.smooth(rng, 400, 5) for k in ("WIND", "PRESSURE", "RAIN")}
    made = [add(r, **weather, Y=a * weather["WIND"] + 0.5 * rng.normal(size=400)) for a, r in
            zip(np.linspace(0.5, 2, 12), c.stations(), strict=True)]  # fmt: skip
    view = points(made)
    split = c.by_record(view, ("S2", "S5", "S9"), "new = station")
    return context(made, view, split, "Y", key="station", held_out=12)


@clean("waveforms", "picks at samples of their own")
def moving_picks():
    picks = np.random.default_rng(0).integers(100, 400, 24)
    records = [c.waveform(i, pick) for i, pick in enumerate(picks)]
    view = windows(records, 600)
    split = c.by_record(view, [f"event {i}" for i in range(18, 24)], "new = event")
    return context(records, view, split, "PHASE", 2, key="event", held_out=24)


@clean("waveforms", "picks at one sample, windows moved at random in training")
def moved_windows():
    from planted import events

    return events([300] * 24, jitter={"time": 200})


@clean("imagery", "scenes apart, each with fields of one class")
def scenes_with_fields():
    scenes = [c.scene(i, fields=True) for i in range(12)]
    view = patches(scenes, {"y": 16, "x": 16})
    split = c.by_record(view, ("scene 3", "scene 7"), "new = scene")
    return context(scenes, view, split, "Y", 4, key="scene", held_out=12)


@clean("mesh", "blocks of the ocean with a buffer")
def ocean_blocks():
    record = c.ocean()
    view = points([record])
    split = area(view.origins, view.cells, block_m=1.2e6, buffer_m=3e5, folds=4)[0]
    return context([record], view, split, "Y", buffer_m=3e5)


@clean("points", "whole flight lines held out")
def lines_held_out():
    record = c.survey()
    view = points([record])
    held = np.isin(record.data.line.to_numpy(), ["L3", "L9", "L14", "L20"])
    return context([record], view, parts(held, "new = line"), "Y", key="line", held_out=24)


@clean("points", "blocks of the map with a buffer")
def map_blocks():
    record = c.survey()
    view = points([record])
    split = area(view.origins, view.cells, block_m=2500.0, buffer_m=700.0, folds=4)[0]
    return context([record], view, split, "Y", buffer_m=700.0)


@clean("points", "soil samples without spatial order, split at random")
def unordered_samples():
    rng = np.random.default_rng(0)
    record = c.survey()
    record = add(record, Y=rng.normal(size=len(record)) + record.data.NOISE.to_numpy())
    view = points([record])
    return context([record], view, c.at_random(view), "Y")


@clean("groundwater", "heads rounded to centimetres that stand still over the border")
def rounded_heads():
    heads = np.round(c.smooth(np.random.default_rng(0), 900, 25), 2)
    heads[597:603] = heads[597]
    return gauge(add(c.river(), Q=heads))


@clean("groundwater", "a day count as an input and a drifting target, a later time")
def drifting_target():
    record = c.river()
    drift = np.arange(900) / 300
    return gauge(add(record, DAY=np.arange(900.0), Q=record.data.Q.to_numpy() + drift))


@clean("simulations", "independent realisations split at random")
def independent_runs():
    runs = [c.simulation(i) for i in range(40)]
    view = patches(runs, {"y": 16, "x": 16})
    return context(runs, view, c.at_random(view, "same_population"), "Y")
