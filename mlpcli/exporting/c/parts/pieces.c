/* How far x has come in each bin: at most 1 but in the last, at least 0 but in the first. */
static int pieces(double x, const double *starts, const double *widths, int count, real *out)
{
    int i;

    for (i = 0; i < count; i++) {
        double piece = (x - starts[i]) / widths[i];
        if (i < count - 1 && piece > 1.0) {
            piece = 1.0;
        }
        if (i > 0 && piece < 0.0) {
            piece = 0.0;
        }
        out[i] = rounded(piece);
        if (!isfinite(out[i])) {
            return 0;
        }
    }
    return 1;
}
