/* The scores that give the mean of what several networks say, their outputs (members, count). */
static void mean_numbers(double *outputs, const struct units *units, int members, int count, double *scores)
{
    const struct units *whole = units + members * count;
    int k, i;

    for (k = 0; k < members; k++) {
        to_units(outputs + k * count, units + k * count, outputs + k * count, count);
    }
    for (i = 0; i < count; i++) {
        double sum = 0.0;
        for (k = 0; k < members; k++) {
            sum += outputs[k * count + i];
        }
        scores[i] = (double)rounded(SCORE_OF((FROM_UNITS(sum / members) - whole[i].center) / whole[i].scale));
    }
}
