// What chains tell about their own convergence, from sums alone (memory does not grow with sweeps).
//
// Split R-hat (Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, 11.4; each chain counts as two halves; without the rank
// normalisation of Vehtari et al. 2021, which needs the draws), and the effective sample size by batch means.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace emnesy::gibbs {

class Moments {
 public:
  static constexpr double worst = 1e3;  // R-hat of chains that never move and disagree

  // `series`: how many numbers are followed; sweeps of each chain.
  void start(std::size_t series, int sweeps) {
    half_ = sweeps / 2;
    batch_ = std::max(1, sweeps / 20);
    sweeps_ = sweeps;
    halves_ = batches_ = 0;
    samples_ = 0;
    for (auto* v : {&half_sum_, &half_square_, &batch_sum_, &means_, &mean_squares_, &variances_, &batch_squares_, &sum_, &square_}) {
      v->assign(series, 0.0);
    }
  }

  void start_chain() { at_ = 0; }

  void add(const double* x) {
    const std::size_t n = sum_.size();
    double* const half = half_sum_.data();
    double* const squares = half_square_.data();
    double* const batch = batch_sum_.data();
    for (std::size_t i = 0; i < n; ++i) {
      half[i] += x[i];
      squares[i] += x[i] * x[i];
      batch[i] += x[i];
    }
    ++at_;
    ++samples_;
    if (at_ % batch_ == 0) {
      for (std::size_t i = 0; i < n; ++i) {
        const double mean = batch[i] / batch_;
        batch_squares_[i] += mean * mean;
        batch[i] = 0;
      }
      ++batches_;
    }
    if (at_ == half_ || at_ == sweeps_) close_half(at_ == half_ ? half_ : sweeps_ - half_);
    if (at_ == sweeps_) std::fill(batch_sum_.begin(), batch_sum_.end(), 0.0);
  }

  double mean(std::size_t i) const { return sum_[i] / samples_; }

  // The greatest of all series.
  double r_hat() const {
    if (halves_ < 2 || half_ < 2) return worst;
    double greatest = 1;
    const double m = halves_, n = half_;
    for (std::size_t i = 0; i < sum_.size(); ++i) {
      const double within = variances_[i] / m;
      const double grand = means_[i] / m;
      const double between = std::max(mean_squares_[i] - m * grand * grand, 0.0) / (m - 1);
      if (between < 1e-14) continue;
      const double ratio = within > 0 ? std::sqrt((n - 1) / n + between / within) : worst;
      greatest = std::max(greatest, std::min(ratio, worst));
    }
    return greatest;
  }

  // The least of all series.
  double effective_samples() const {
    double least = samples_;
    for (std::size_t i = 0; i < sum_.size(); ++i) {
      const double mean_i = mean(i), variance = square_[i] / samples_ - mean_i * mean_i;
      if (variance < 1e-12 || batches_ < 2) continue;
      const double of_batches = batch_squares_[i] / batches_ - mean_i * mean_i;
      if (of_batches > 0) least = std::min(least, batches_ * variance / of_batches);
    }
    return std::max(least, 1.0);
  }

 private:
  void close_half(int length) {
    for (std::size_t i = 0; i < sum_.size(); ++i) {
      if (length > 0) {
        const double mean = half_sum_[i] / length;
        means_[i] += mean;
        mean_squares_[i] += mean * mean;
        variances_[i] += length > 1 ? std::max(half_square_[i] - length * mean * mean, 0.0) / (length - 1) : 0.0;
      }
      sum_[i] += half_sum_[i];
      square_[i] += half_square_[i];
      half_sum_[i] = half_square_[i] = 0;
    }
    ++halves_;
  }

  int sweeps_ = 0, half_ = 0, batch_ = 1, at_ = 0, halves_ = 0, batches_ = 0;
  double samples_ = 0;
  std::vector<double> half_sum_, half_square_, batch_sum_, means_, mean_squares_, variances_, batch_squares_, sum_, square_;
};

}  // namespace emnesy::gibbs
