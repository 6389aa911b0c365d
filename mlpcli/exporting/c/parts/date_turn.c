/* How far round its cycle a part of a date is, as an angle. */
static double turn_of(const struct date *date, enum date_part part)
{
    static const double first[] = {0, 1, 1, 0, 1, 0, 0, 0, 0};
    static const double length[] = {1, 12, 31, 7, 365, 24, 60, 60, 1};
    double all = length[part];

    if (part == DAY_OF_YEAR) {
        all += is_leap(date->year);
    }
    return 2.0 * 3.141592653589793 * (part_of(date, part) - first[part]) / all;
}
