/* How an output becomes a number in the target's units, which is between two others where it is bounded. */
struct units {
    double center;
    double scale;
    int bounded;
    double least;
    double largest;
};

/* Numbers of outputs; what is not finite stays so. */
static void to_units(const double *outputs, const struct units *units, double *numbers, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        double number = outputs[i] * units[i].scale + units[i].center;
        if (isfinite(outputs[i])) {
            number = TO_UNITS(number);
            numbers[i] = units[i].bounded ? fmin(fmax(number, units[i].least), units[i].largest) : number;
        } else {
            numbers[i] = outputs[i];
        }
    }
}
