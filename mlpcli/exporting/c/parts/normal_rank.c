/* One polynomial of x divided by another, of eight coefficients each, the highest power first. */
static double ratio(double x, const double *above, const double *below)
{
    double a = 0.0, b = 0.0;
    int i;

    for (i = 0; i < 8; i++) {
        a = a * x + above[i];
        b = b * x + below[i];
    }
    return a / b;
}

/* The number that this share of a standard normal is below: Wichura 1988, Algorithm AS 241 (PPND16). */
static double normal_of(double share)
{
    static const double table[6][8] = {
@COEFFICIENTS@
    };
    double q = share - 0.5, r, found;

    if (fabs(q) <= 0.425) {
        return q * ratio(0.180625 - q * q, table[0], table[1]);
    }
    r = sqrt(-log(q < 0.0 ? share : 1.0 - share));
    found = r <= 5.0 ? ratio(r - 1.6, table[2], table[3]) : ratio(r - 5.0, table[4], table[5]);
    return q < 0.0 ? -found : found;
}

/* The rank of x as a normal number; so near to the ends it is taken for the end itself. */
static double normal_rank(double x, const double *quantiles, int count)
{
    const double near = 1e-7, end = 1e-7 - 2.220446049250313e-16;
    double rank;

    if (x - near < quantiles[0]) {
        rank = 0.0;
    } else if (x + near > quantiles[count - 1]) {
        rank = 1.0;
    } else {
        rank = rank_of(x, quantiles, count);
    }
    return normal_of(fmin(fmax(rank, end), 1.0 - end));
}
