/* The rank of a quantile, evenly from 0 to 1. */
static double rank_at(int place, int last)
{
    return place == last ? 1.0 : place * (1.0 / last);
}

/* The rank of x among ascending quantiles, linear between two; of several that are x, their middle. */
static double rank_of(double x, const double *quantiles, int count)
{
    int last = count - 1, low = 0, high = 0, span;
    double below, above, slope;

    for (span = count; span > 0;) {
        int half = span / 2;
        if (quantiles[low + half] < x) {
            low += half + 1;
            span -= half + 1;
        } else {
            span = half;
        }
    }
    for (high = low; high < count && quantiles[high] <= x; high++) {
    }
    high -= 1; /* the last quantile not above x; low is the first not below it */
    if (high >= last) {
        below = 1.0;
    } else {
        slope = (rank_at(high + 1, last) - rank_at(high, last)) / (quantiles[high + 1] - quantiles[high]);
        below = slope * (x - quantiles[high]) + rank_at(high, last);
    }
    if (low == 0) {
        above = 0.0;
    } else {
        slope = (rank_at(low, last) - rank_at(low - 1, last)) / (quantiles[low] - quantiles[low - 1]);
        above = rank_at(low, last) - slope * (quantiles[low] - x);
    }
    return 0.5 * (below + above);
}
