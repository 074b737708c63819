"""The operations centre without wires and without glass: settings, time, units, facts, rules and all SQL."""

__version__ = "0.1.0"
