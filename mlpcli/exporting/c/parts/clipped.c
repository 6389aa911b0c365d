/* v / sqrt(1 + (v/3)^2), between -3 and 3. */
static double clipped(double v)
{
    return v / hypot(1.0, v / 3.0);
}
