enum date_part { YEAR, MONTH, DAY, DAY_OF_WEEK, DAY_OF_YEAR, HOUR, MINUTE, SECOND, TIMESTAMP };

/* One part of a date, as a number: weeks begin with Monday, which is 0; a timestamp is days since 1970. */
static double part_of(const struct date *date, enum date_part part)
{
    long days = days_to(date->year, date->month) + date->day - 1;
    long long seconds = date->time / 1000000LL;

    switch (part) {
    case YEAR:
        return date->year;
    case MONTH:
        return date->month;
    case DAY:
        return date->day;
    case DAY_OF_WEEK:
        return (double)((days % 7 + 10) % 7);
    case DAY_OF_YEAR:
        return (double)(days - days_to(date->year, 1) + 1);
    case HOUR:
        return (double)(seconds / 3600);
    case MINUTE:
        return (double)(seconds / 60 % 60);
    case SECOND:
        return (double)(seconds % 60);
    default:
        return (double)(days * 86400000000LL + date->time) / 86400e6;
    }
}
