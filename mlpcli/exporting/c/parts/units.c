/* How an output becomes a number in the target's units, which is between two others where it is bounded. */
struct units {
    double center;
    double scale;
    int bounded;
    double least;
    double largest;
};

/* Numbers of outputs; no bounds are those of one that is not finite. */
static void to_units(const double *outputs, const struct units *units, double *numbers, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        double number = TO_UNITS(outputs[i] * units[i].scale + units[i].center);
        if (units[i].bounded && isfinite(outputs[i])) {
            number = fmin(fmax(number, units[i].least), units[i].largest);
        }
        numbers[i] = number;
    }
}
