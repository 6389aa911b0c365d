/* Whether a cell holds a number, or what stands for a missing one. */
static int known(double *cell, double fill)
{
    if (isnan(*cell)) {
        *cell = fill;
    }
    return isfinite(*cell);
}
