"""Planted leaks over all kinds of data; every one must be caught under the right name."""

from dataclasses import replace

import catalogue as c
import numpy as np
from catalogue import add, context, leak, parts

from outcrop.view.patches import patches
from outcrop.view.points import points
from outcrop.view.sequences import sequences
from outcrop.view.windows import windows

HELD = ("W9", "W10", "W11")


def new_wells(records, facies=3, key="well", **arguments):
    view = points(records)
    split = c.by_record(view, HELD, "new = well")
    return context(records, view, split, "Y", facies, key=key, held_out=12, **arguments)


@leak("wells", "rows of a test well also train", "shared_groups")
def well_on_both_sides():
    records = c.wells()
    view = points(records)
    split = c.by_record(view, HELD, "new = well")
    moved = replace(split, train=np.sort(np.r_[split.train, split.test[:100]]), test=split.test[100:])
    return context(records, view, moved, "Y", 3, key="well", held_out=12)


@leak("wells", "a sidetrack of a training well", "close_neighbours")
def sidetrack():
    records = c.wells()
    records[11] = replace(records[11], groups={"well": "W11", "well_root": "W3"})
    return new_wells(records)


@leak("wells", "50 rows of another well spliced in", "duplicate_rows")
def spliced_rows():
    records = c.wells()
    copied, own = records[3].data.isel(depth=slice(40, 90)), records[11].data.isel(depth=slice(0, 250))
    both = {name: ("depth", np.r_[own[name], copied[name]]) for name in own.data_vars}
    records[11] = records[11].with_data(records[11].data.assign(both))
    return new_wells(records)


@leak("wells", "one file under two names", "duplicate_records")
def one_file_two_names():
    records = [replace(r, sha256=f"{i:064d}", source=f"{r.name}.las") for i, r in enumerate(c.wells())]
    records[11] = replace(records[4], name="W11", groups={"well": "W11"}, source="copy of W4.las", position={})
    return new_wells(records)


@leak("wells", "a well resampled to another step", "duplicate_rows")
def resampled_well():
    records = c.wells()
    fine, old = np.linspace(0, 299, 500), records[3].data
    logs = {n: ("depth", np.interp(fine, np.arange(300), old[n])) for n in ("GR", "RHOB", "NPHI", "DTC")}
    logs["Y"] = ("depth", old.Y.to_numpy()[fine.round().astype(int)])
    records[11] = records[11].with_data(type(old)(logs, coords={"depth": fine}))
    return new_wells(records)


@leak("wells", "the interpreted lithology as a curve, with other codes", "target_copy")
def recoded_target():
    codes = np.array([65000.0, 70000.0, 30000.0])
    return new_wells([add(r, LITH=codes[r.data.Y.to_numpy()]) for r in c.wells()])


@leak("wells", "porosity 7 samples deeper under another name", "target_copy")
def shifted_target():
    return new_wells([add(r, PHIT=np.roll(r.data.Y.to_numpy(), -7) * 100) for r in c.wells(facies=False)], 0)


@leak("wells", "porosity as exp(-porosity / 3)", "target_copy")
def monotone_target():
    return new_wells([add(r, DEN=np.exp(-r.data.Y.to_numpy() / 3)) for r in c.wells(facies=False)], 0)


@leak("wells", "effective porosity and bound water, whose sum is the target", "target_parts")
def parts_of_the_target():
    records = []
    for i, record in enumerate(c.wells(facies=False)):
        bound = c.smooth(np.random.default_rng(i), 300, 4)
        records.append(add(record, PHIE=record.data.Y.to_numpy() - bound, BOUND=bound))
    return new_wells(records, 0)


@leak("wells", "volume and mass, whose ratio is the target", "target_parts")
def ratio_of_inputs():
    records = []
    for i, record in enumerate(c.wells(facies=False)):
        density = 2.5 + 0.1 * record.data.Y.to_numpy()
        volume = np.exp(c.smooth(np.random.default_rng(i), 300, 4))
        records.append(add(record, VOLUME=volume, MASS=volume * density, Y=density))
    return new_wells(records, 0)


@leak("wells", "windows dealt to the parts at random", "overlapping_windows")
def random_windows():
    records = c.wells()
    view = windows(records, 32)
    return context(records, view, c.at_random(view), "Y", 3)


@leak("wells", "statistics fitted on all wells", "statistics")
def statistics_of_all():
    records = c.wells()
    return new_wells(records, normaliser_saw={r.name: [(0, len(r))] for r in records})


@leak("wells", "the well's number as an input", "identifiers")
def well_number():
    return new_wells([add(r, WELL_NO=np.full(300, i + 1.0)) for i, r in enumerate(c.wells())])


@leak("wells", "the row number through all files as an input", "identifiers")
def row_number():
    return new_wells([add(r, ROW=300.0 * i + np.arange(300)) for i, r in enumerate(c.wells())])


@leak("wells", "gamma ray of the test wells in other units", "distribution_shift")
def other_units():
    records = c.wells()
    for i in (9, 10, 11):
        records[i] = add(records[i], GR=records[i].data.GR.to_numpy() * 0.01 + 40)
    return new_wells(records)


@leak("wells", "test wells without a label", "degenerate_groups")
def unlabelled_test():
    records = c.wells()
    for i in (9, 10, 11):
        records[i] = add(records[i], Y=np.full(300, -1, np.int32))
    return new_wells(records)


def lines_of(record, test, promise, classes=4, **arguments):
    view = patches([record], {"crossline": 16, "twt": 40})
    return context([record], view, parts(test[c.start_of(view, "inline")], promise), "Y", classes, **arguments)


@leak("seismic cube", "every third inline tests under a promise of a new area", "copied_neighbours")
def interleaved_lines():
    return lines_of(c.cube(), np.arange(40) % 3 == 1, "area = 1000 m")


@leak("seismic cube", "a block of inlines without a buffer", "copied_neighbours")
def lines_beside_training():
    return lines_of(c.cube(120, length=16), np.arange(120) >= 90, "area = 1000 m")


@leak("seismic cube", "overlapping 3-D patches dealt at random", "overlapping_windows")
def random_patches():
    record = c.cube()
    view = patches([record], {"inline": 8, "crossline": 8, "twt": 20})
    return context([record], view, c.at_random(view), "Y", 4)


@leak("seismic lines", "a line rescaled and rounded to 8 bits under another name", "duplicate_records")
def rescaled_line():
    records = [c.line(i) for i in range(10)]
    old = records[2].data
    amplitude = (old.AMP.to_numpy() * 20).round() + 128
    records[9] = records[9].with_data(old.assign(AMP=(("trace", "twt"), amplitude)))
    view = patches(records, {"trace": 20, "twt": 50})
    return context(records, view, c.by_record(view, ("line 9",), "new = line"), "Y", 3, key="line", held_out=10)


@leak("seismic lines", "half a line exported again within another", "duplicate_records")
def exported_again():
    records = [c.line(i) for i in range(10)]
    mixed = {n: (("trace", "twt"), np.r_[records[9].data[n][:30], records[2].data[n][10:40]]) for n in ("AMP", "Y")}
    records[9] = records[9].with_data(records[9].data.assign(mixed))
    view = patches(records, {"trace": 20, "twt": 50})
    return context(records, view, c.by_record(view, ("line 9",), "new = line"), "Y", 3, key="line", held_out=10)


@leak("weather grid", "rain summed over the hour after its stamp, one hour ahead", "interval_ends")
def rain_after_its_stamp():
    record = c.weather(attributes={"cell": "accumulated", "stamp": "start"})
    view = points([record], range(-5, 1), lead=1)
    rain_ends = {"Y": {"cell": "mean", "stamp": "end"}}
    for name, attributes in rain_ends.items():
        record.data[name].attrs.update(attributes)
    return context([record], view, c.after(view, 300), "Y")


@leak("weather grid", "the field two hours ahead among the inputs", "target_copy")
def field_ahead():
    record = c.weather()
    record = add(record, AHEAD=np.roll(record.data.Y.to_numpy(), -2, axis=0))
    view = points([record])
    return context([record], view, c.after(view, 300), "Y")


@leak("weather grid", "the field one cell to the east among the inputs", "target_copy")
def field_beside():
    record = c.weather()
    record = add(record, EAST=np.roll(record.data.Y.to_numpy(), -1, axis=2))
    view = points([record])
    return context([record], view, c.after(view, 300), "Y")


@leak("weather grid", "a state carried over the border of training and test", "network_reach")
def carried_state():
    record = c.weather()
    view = patches([record], {"time": 24, "latitude": 6, "longitude": 8}, {"time": 24, "latitude": 6, "longitude": 8})
    return context([record], view, c.after(view, 300), "Y", reach={"time": (0, 48)})


@leak("weather grid", "forecasts in training whose horizon reaches into tested hours", "overlapping_windows")
def horizon_over_the_border():
    record = c.weather()
    view = sequences([record], 24, horizon=12, stride=4)
    return context([record], view, parts(c.start_of(view, "time") >= 300, "later = 1998-01-13"), "Y")


def gauge(record, later=600, view=None, gap=0, **arguments):
    view = view or points([record])
    return context([record], view, c.after(view, later, gap=gap), arguments.pop("target", "Q"), **arguments)


@leak("river gauges", "discharge as the mean of the next 30 days, without a gap", "interval_ends")
def running_mean_target():
    record = c.river()
    noise = np.random.default_rng(0).normal(size=929)
    return gauge(add(record, Q=np.convolve(noise, np.ones(30) / 30, "valid")))


@leak("river gauges", "a declared 10-day sum across the border", "interval_ends")
def declared_sum():
    record = c.river()
    record.data.Q.attrs.update(cell="accumulated", stamp="end", interval_s=864_000)
    return gauge(record)


@leak("river gauges", "the centred 7-day mean of discharge as an input", "target_means")
def centred_mean():
    record = c.river()
    flow = np.convolve(record.data.Q.to_numpy(), np.ones(7) / 7, "same")
    return gauge(add(record, QSMOOTH=flow))


@leak("river gauges", "gaps of discharge filled by lines before a forecast reads it", "filled_gaps")
def filled_history():
    record = c.river()
    flow, keep = record.data.Q.to_numpy().copy(), np.ones(900, bool)
    for day in range(20, 890, 45):
        keep[day : day + 12] = False
    history = np.interp(np.arange(900), np.flatnonzero(keep), flow[keep])
    record = add(record, QPAST=history)
    return gauge(record, view=points([record], range(-10, 1), lead=1))


@leak("river gauges", "a gauge upstream of a training gauge", "nested_groups")
def upstream_gauge():
    records = [c.river(seed=i, name=f"G{i}", groups={"gauge": f"G{i}"}) for i in range(8)]
    view = points(records)
    split = c.by_record(view, ("G6", "G7"), "new = gauge")
    return context(records, view, split, "Q", key="gauge", held_out=10, upstream={"G2": ["G5"], "G5": ["G7"]})


@leak("river gauges", "two gauges that measure the same water", "nested_groups")
def same_water():
    records = [c.river(seed=i, name=f"G{i}", groups={"gauge": f"G{i}"}) for i in range(8)]
    rng = np.random.default_rng(0)
    flow = records[2].data.Q.to_numpy() * 1.4 * np.exp(0.01 * rng.normal(size=900))
    records[7] = add(records[7], Q=flow + 0.05)
    view = points(records)
    return context(records, view, c.by_record(view, ("G6", "G7"), "new = gauge"), "Q", key="gauge", held_out=10)


@leak("stations", "hours of a station dealt at random", "copied_neighbours")
def random_hours():
    rng = np.random.default_rng(1)
    records = [add(r, Y=c.smooth(rng, 400, 8)) for r in c.stations(4)]
    view = points(records)
    return context(records, view, c.at_random(view), "Y")


@leak("stations", "the date as an input under a random split", "identifiers")
def date_as_input():
    records = [add(r, DAYNUMBER=np.arange(400) / 24.0) for r in c.stations(4)]
    view = points(records)
    return context(records, view, c.at_random(view), "Y")


@leak("stations", "hours of one station of a network on both sides", "shared_groups")
def station_on_both_sides():
    record = c.station_grid()
    view = points([record])
    station, hour = c.start_of(view, "station"), c.start_of(view, "time")
    test = (station >= 7) & ((station > 7) | (hour < 150))
    return context([record], view, parts(test, "new = station"), "Y", key="station", held_out=10)


@leak("stations", "two stations 15 m apart, in degrees on the sphere", "close_neighbours")
def stations_side_by_side():
    record = c.station_grid(same=((2, 9),))
    view = points([record])
    split = parts(c.start_of(view, "station") >= 8, "new = station")
    return context([record], view, split, "Y", key="station", held_out=10)


def events(picks, length=600, **arguments):
    records = [c.waveform(i, pick) for i, pick in enumerate(picks)]
    view = windows(records, length)
    split = c.by_record(view, [f"event {i}" for i in range(len(picks) - 6, len(picks))], "new = event")
    return context(records, view, split, "PHASE", 2, key="event", held_out=24, **arguments)


@leak("waveforms", "every pick at sample 300 of its record", "fixed_positions")
def constant_pick():
    return events([300] * 24)


@leak("waveforms", "a pick curve that is the same in all records, as numbers", "fixed_positions")
def constant_curve():
    records = [c.waveform(i, 300) for i in range(24)]
    curve = np.exp(-np.square((np.arange(600) - 300) / 10))
    records = [add(r, PHASE=curve) for r in records]
    view = windows(records, 600)
    split = c.by_record(view, [f"event {i}" for i in range(18, 24)], "new = event")
    return context(records, view, split, "PHASE", key="event", held_out=24)


@leak("waveforms", "one arrival time for all events", "fixed_positions")
def constant_arrival():
    rng = np.random.default_rng(0)
    records = [add(r, Y=np.full(300, 3000.0), GR=rng.normal(size=300)) for r in c.wells(facies=False)]
    return new_wells(records, 0)


@leak("waveforms", "an event from two data centres, in counts and in m/s", "duplicate_records")
def two_data_centres():
    picks = np.random.default_rng(0).integers(100, 400, 24)
    records = [c.waveform(i, pick) for i, pick in enumerate(picks)]
    scaled = {n: ("time", records[3].data[n].to_numpy() * 2.3e-9) for n in ("N", "Z")}
    records[23] = records[23].with_data(records[3].data.assign(scaled))
    view = windows(records, 600)
    split = c.by_record(view, [f"event {i}" for i in range(18, 24)], "new = event")
    return context(records, view, split, "PHASE", 2, key="event", held_out=24)


@leak("imagery", "pixels dealt at random", "copied_neighbours")
def random_pixels():
    rng = np.random.default_rng(3)
    scene = c.scene(size=64)
    scene = add(scene, Y=np.digitize(c.smooth(rng, (64, 64), 14), [-0.6, 0.6]).astype(np.int32))
    view = points([scene])
    return context([scene], view, c.at_random(view), "Y", 3)


@leak("imagery", "the number of the field as an input, pixels dealt at random", "identifiers")
def field_number():
    scene = c.scene(fields=True)
    number = np.kron(np.arange(36).reshape(6, 6), np.ones((8, 8)))
    scene = add(scene, FIELD=number).with_data(add(scene, FIELD=number).data.assign_coords(
        parcel=(("y", "x"), number.astype(int).astype(str))))  # fmt: skip
    view = points([scene])
    return replace(context([scene], view, c.at_random(view), "Y", 4), key="parcel")


@leak("imagery", "one scene under two names", "duplicate_records")
def scene_twice():
    scenes = [c.scene(i) for i in range(8)]
    scenes[7] = scenes[7].with_data(scenes[1].data.assign_coords(scenes[7].data.coords))
    view = patches(scenes, {"y": 16, "x": 16})
    return context(scenes, view, c.by_record(view, ("scene 7",), "new = scene"), "Y", 3, key="scene", held_out=10)


@leak("mesh", "nodes dealt at random under a promise of a new area", "copied_neighbours")
def random_nodes():
    record = c.ocean()
    rng = np.random.default_rng(0).random(1500) < 0.2
    view = points([record])
    return context([record], view, parts(rng[c.start_of(view, "node")], "area = 500000 m"), "Y")


@leak("mesh", "longitude as an input for a new area", "identifiers")
def longitude_as_input():
    record = c.ocean()
    record = add(record, LON=np.broadcast_to(record.data.longitude.to_numpy(), (3, 1500)))
    view = points([record])
    west = record.data.longitude.to_numpy()[c.start_of(view, "node")] < -50
    return context([record], view, parts(west, "area = 500000 m"), "Y")


@leak("points", "readings along flight lines dealt at random", "copied_neighbours")
def random_readings():
    record = c.survey()
    view = points([record])
    return context([record], view, c.at_random(view), "Y")


@leak("points", "readings of a flight line on both sides", "shared_groups")
def line_on_both_sides():
    record = c.survey()
    view = points([record])
    return context([record], view, c.at_random(view, "new = line"), "Y", key="line", held_out=24)


@leak("groundwater", "weekly heads made daily by lines", "filled_gaps")
def weekly_made_daily():
    record = c.river()
    week = np.arange(0, 900, 7)
    heads = np.interp(np.arange(900), week, c.smooth(np.random.default_rng(0), 900, 20)[week])
    return gauge(add(record, Q=heads))


@leak("groundwater", "tomorrow's head among the inputs of a forecast", "target_copy")
def head_of_tomorrow():
    record = c.river()
    record = add(record, HEAD=np.roll(record.data.Q.to_numpy(), -2))
    return gauge(record, view=points([record], range(-10, 1), lead=1))


@leak("simulations", "one realisation simulated twice", "duplicate_records")
def same_realisation():
    runs = [c.simulation(i) for i in range(30)]
    twin = c.simulation(4)
    runs[29] = replace(twin, name="run 29", groups={"run": "29"})
    view = patches(runs, {"y": 16, "x": 16})
    test = c.by_record(view, [f"run {i}" for i in range(24, 30)], "same_population")
    return context(runs, view, test, "Y")
