// Answers of message passing against those by enumeration.
#pragma once

#include <catch2/catch.hpp>

#include <stdexcept>

#include "oracle.hpp"

namespace emnesy::tests {

template <typename Real>
double posterior_of(const Problem& p, const Answers<Real>& a, std::int32_t choice, std::int32_t value, std::int64_t row = 0) {
  const std::int32_t b = p.layout.block[choice];
  return static_cast<double>(
      a.posterior[b][row * p.layout.block_size[b] + p.layout.offset[choice] + value * p.layout.stride[choice]]);
}

// The value that one-hot rows give to a choice. Throws, where assertions by the million would fill the reporter's memory.
template <typename Real>
std::int32_t value_of(const Problem& p, const Answers<Real>& a, std::int32_t choice, std::int64_t row = 0) {
  const std::int32_t alternatives = p.graph.cardinality[choice] - p.graph.choice_has_none[choice];
  std::int32_t value = -1;
  for (std::int32_t k = 0; k < alternatives; ++k) {
    const double x = posterior_of(p, a, choice, k, row);
    if (x == 0) continue;
    if (x != 1 || value >= 0) throw std::logic_error("not one-hot");
    value = k;
  }
  if (value >= 0) return value;
  if (!p.graph.choice_has_none[choice]) throw std::logic_error("no value, and none is no alternative");
  return alternatives;
}

template <typename Real>
std::vector<std::int32_t> world_of(const Problem& p, const Answers<Real>& a, std::int64_t row = 0) {
  std::vector<std::int32_t> world;
  for (std::int32_t c = 0; c < p.graph.choice_count; ++c) world.push_back(value_of(p, a, c, row));
  return world;
}

template <typename Real>
void compare(const Problem& p, const Exact& exact, const Answers<Real>& a, double tolerance) {
  REQUIRE(a.possible[0] == (exact.total > 0));
  if (exact.total == 0) {
    REQUIRE(a.log_evidence[0] == static_cast<Real>(log_zero));
    for (std::size_t b = 0; b < p.priors.size(); ++b) {
      for (std::size_t i = 0; i < p.priors[b].size(); ++i) REQUIRE(a.posterior[b][i] == static_cast<Real>(p.priors[b][i]));
    }
    return;
  }
  REQUIRE(static_cast<double>(a.log_evidence[0]) == Approx(std::log(exact.total)).epsilon(tolerance).margin(tolerance));
  for (std::int32_t c = 0; c < p.graph.choice_count; ++c) {
    for (std::int32_t k = 0; k < p.graph.cardinality[c] - p.graph.choice_has_none[c]; ++k) {
      REQUIRE(posterior_of(p, a, c, k) == Approx(exact.marginal[c][k]).epsilon(tolerance).margin(tolerance));
    }
  }
  for (std::size_t q = 0; q < exact.query.size(); ++q) {
    REQUIRE(static_cast<double>(a.query[q]) == Approx(exact.query[q]).epsilon(tolerance).margin(tolerance));
  }
  REQUIRE(a.converged[0] == 1);
}

inline Shape loopy() {
  Shape shape;
  shape.loops = true;
  return shape;
}

}  // namespace emnesy::tests
