"""The province that never was: cases, camera incidents, service use and indicators with a real one's rhythm.

`Simulation` (`simulation.py`) is a pure function of (seed, world, interval): each day's lives are drawn from a
generator keyed by (seed, stream, day), so history fetched newest first, the live feed and a restart agree to the byte.
Nothing here knows Kafka or the database. Volumes, hours and shares come from published figures where there are any
(named beside them); every name of a person, whole plate and phone number is missing on purpose.

    draws.py          generators keyed by (seed, stream, day)
    office_days.py    working days, office minutes, due moments
    rhythm.py         how much happens on which day, at which minute
    places.py         the units of any pack, weighed by population
    lives.py          plans: one day's lives as arrays, cut by time, built as records only where asked
    case_lives.py     the steps of cases as `ioc.cases.v1`
    dossiers.py       cases with days of processing, laid out by course.py
    certificates.py   cases done the same day; petitions.py: PAKN
    cameras.py        the camera registry; incidents.py, camera_health.py: `ioc.cameras.v1`
    usage.py          `ioc.usage.v1`; indicators.py: `ioc.indicators.v1`
    simulation.py     all of it in order of time
    pace.py           when to send; run.py: the loop of `ioc simulate`
"""
