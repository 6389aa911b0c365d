/* A moment by its own clock; `time` counts microseconds of the day. */
struct date {
    int year;
    int month;
    int day;
    long long time;
};

static int is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The number of days from 1970 to the first of a month; a year begins with March here, so leap days are last. */
static long days_to(int year, int month)
{
    long years = month < 3 ? year - 1 : year, months = (month + 9) % 12;

    return 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 - 719468;
}

static int days_of_month(int year, int month)
{
    return month == 2 ? 28 + is_leap(year) : 30 + (month + month / 8) % 2;
}
