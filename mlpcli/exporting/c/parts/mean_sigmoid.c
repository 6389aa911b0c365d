/* The log-odds of the mean of 1 / (1 + e^-z) of several networks, (members, count). */
static void mean_sigmoid(const double *z, int members, int count, double *scores)
{
    double logs[2][MEMBERS];
    int k, i;

    for (i = 0; i < count; i++) {
        for (k = 0; k < members; k++) {
            double score = z[k * count + i], rest = log1p(exp(-fabs(score)));
            logs[0][k] = fmin(0.0, score) - rest;
            logs[1][k] = fmin(0.0, -score) - rest;
        }
        scores[i] = log_sum_exp(logs[0], members, 1) - log_sum_exp(logs[1], members, 1);
    }
}
