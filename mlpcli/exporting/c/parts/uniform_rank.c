/* The rank of x, 0 and 1 at the ends and beyond them. */
static double uniform_rank(double x, const double *quantiles, int count)
{
    if (x <= quantiles[0]) {
        return 0.0;
    }
    return x >= quantiles[count - 1] ? 1.0 : rank_of(x, quantiles, count);
}
