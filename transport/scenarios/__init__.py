"""One file per scenario; `transport.scenario_sources` imports every module here."""
