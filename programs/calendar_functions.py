"""What `faded_date.nesy` asks the calendar."""

import datetime

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def weekday(year: int, month: int, day: int) -> str:
    """The day of the week, as a symbol: ``monday``."""
    return DAYS[datetime.date(year, month, day).weekday()]
