// Components with loops: messages are repeated until they stop changing. Approximate.
//
// Log-evidence: minus the Bethe free energy at the messages reached; exact where there is no loop.
// Yedidia, Freeman, Weiss, "Constructing free-energy approximations and generalized belief propagation
// algorithms", IEEE Trans. Inf. Theory 51 (2005).
#pragma once

#include <cmath>

#include "bp/state.hpp"
#include "bp/tree.hpp"

namespace emnesy::bp {

template <typename Real>
struct Convergence {
  std::int32_t iterations = 0;
  Real residual = Real(0);
  bool converged = true;

  void merge(const Convergence& other) {
    iterations = std::max(iterations, other.iterations);
    residual = std::max(residual, other.residual);
    converged = converged && other.converged;
  }
};

template <typename Real>
class Loopy {
 public:
  Loopy(State<Real>& state, const Options& options) : state_(state), plan_(state.plan), options_(options) {}

  // Iterates from uniform messages. False: some message cannot be trusted.
  template <typename Op>
  bool iterate(Convergence<Real>& convergence) {
    for (const Edge& edge : plan_.edge) {
      const std::int32_t values = plan_.variable[edge.variable].cardinality;
      std::fill_n(state_.at(edge.message), values, static_cast<Real>(1.0 / values));
    }
    for (const Factor& factor : plan_.loopy) {
      const Table& table = plan_.table[factor.table];
      sum_groups<Op>(state_, factor, table, visited(state_, factor, table));
    }
    const std::size_t count = plan_.loopy.size();
    convergence.converged = count == 0;
    while (!convergence.converged && convergence.iterations < options_.max_iterations) {
      Real residual(0);
      const bool back = convergence.iterations % 2 == 1;
      ++convergence.iterations;
      for (std::size_t i = 0; i < count; ++i) {
        const Factor& factor = plan_.loopy[back ? count - 1 - i : i];
        if (!compute<Op>(factor)) return false;
        if (options_.schedule == Schedule::Sequential) store(factor, residual);
      }
      if (options_.schedule == Schedule::Flooding) {
        for (const Factor& factor : plan_.loopy) store(factor, residual);
      }
      convergence.residual = residual;
      convergence.converged = !(residual > static_cast<Real>(options_.tolerance));
    }
    return true;
  }

  // Adds the Bethe log-evidence to log_total.
  bool add_log_evidence() {
    for (std::size_t i = 0; i < plan_.loopy_variable.size(); ++i) {
      std::int64_t exponent = 0;
      if (!variable_belief(i, exponent)) return false;
      Real total(0);
      const std::int32_t values = plan_.variable[plan_.loopy_variable[i]].cardinality;
      for (std::int32_t v = 0; v < values; ++v) total += state_.accumulator[v];
      if (!Trusted<Real>::holds(total)) return false;
      state_.log_total += log_of(total);
      state_.exponent += exponent;
    }
    for (const Factor& factor : plan_.loopy) {
      const Table& table = plan_.table[factor.table];
      Real total(0);
      if (!gather(factor, table) || !combine<Sum>(factor, table, 0, total)) return false;
      state_.log_total += log_of(total);
      for (std::int32_t k = 0; k < table.interface_count; ++k) {
        const Edge& edge = edge_of(factor, k);
        const std::int32_t values = plan_.variable[edge.variable].cardinality;
        Real product(0);
        for (std::int32_t v = 0; v < values; ++v) product += state_.in[k][v] * state_.at(edge.message)[v];
        if (!Trusted<Real>::holds(product)) return false;
        state_.log_total -= log_of(product);
      }
    }
    return true;
  }

  template <typename Op, typename Output>
  bool emit(Output& sink) {
    for (const Factor& factor : plan_.loopy) {
      const Table& table = plan_.table[factor.table];
      Real total(0);
      if (!gather(factor, table) || !combine<Op>(factor, table, 0, total)) return false;
      const Range range = visited(state_, factor, table);
      Real* weights = state_.at(plan_.group_weights);
      const Real scale = Real(1) / total;
      for (std::int32_t g = range.group_begin; g < range.group_end; ++g) weights[g] *= scale;
      emit_leaves<Op>(state_, factor, table, range, weights, sink);
    }
    for (std::size_t i = 0; i < plan_.loopy_variable.size(); ++i) {
      const Variable& variable = plan_.variable[plan_.loopy_variable[i]];
      if (!variable.wanted()) continue;
      std::int64_t ignored = 0;
      if (!variable_belief(i, ignored) || !normalise(state_.accumulator.data(), variable.cardinality)) return false;
      sink.belief(plan_.loopy_variable[i], state_.accumulator.data());
    }
    return true;
  }

 private:
  const Edge& edge_of(const Factor& factor, std::int32_t k) const {
    return plan_.edge[factor.interface_begin + k - plan_.loopy_interface];
  }

  static bool normalise(Real* message, std::int32_t count) {
    Real total(0);
    for (std::int32_t v = 0; v < count; ++v) total += message[v];
    if (!Trusted<Real>::holds(total)) return false;
    const Real scale = Real(1) / total;
    for (std::int32_t v = 0; v < count; ++v) message[v] *= scale;
    return true;
  }

  void start_product(std::int32_t variable, Real* product) {
    std::copy_n(state_.own(variable), plan_.variable[variable].cardinality, product);
  }

  // The messages from the variables to the factor: each its own weights times the messages of its other factors.
  bool gather(const Factor& factor, const Table& table) {
    find_messages(state_, factor, table);
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const Interface& end = plan_.interface[factor.interface_begin + k];
      const std::int32_t values = plan_.variable[end.variable].cardinality;
      const auto self = static_cast<std::int32_t>(factor.interface_begin + k - plan_.loopy_interface);
      Real* product = state_.at(end.in);
      start_product(end.variable, product);
      const std::int32_t position = plan_.variable[end.variable].loopy_index;
      for (std::int64_t e = plan_.edge_begin[position]; e < plan_.edge_begin[position + 1]; ++e) {
        const std::int32_t other = plan_.edge_of_variable[e];
        if (other == self) continue;
        const Real* message = state_.at(plan_.edge[other].message);
        for (std::int32_t v = 0; v < values; ++v) product[v] *= message[v];
        std::int64_t ignored = 0;
        if (!rescale(product, values, ignored)) return false;
      }
      if (!normalise(product, values)) return false;
    }
    return true;
  }

  template <typename Op>
  bool combine(const Factor& factor, const Table& table, std::int32_t outputs, Real& total) {
    for (std::int32_t k = 0; k < outputs; ++k) {
      const Interface& end = plan_.interface[factor.interface_begin + k];
      std::fill_n(state_.out[k], plan_.variable[end.variable].cardinality, Real(0));
    }
    total = messages_out<Op>(table, visited(state_, factor, table), state_.at(factor.groups), state_.in.data(),
                             state_.out.data(), state_.at(plan_.group_weights), outputs, state_.spare);
    return Trusted<Real>::holds(total);
  }

  template <typename Op>
  bool compute(const Factor& factor) {
    const Table& table = plan_.table[factor.table];
    Real total(0);
    if (!gather(factor, table) || !combine<Op>(factor, table, table.interface_count, total)) return false;
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const Interface& end = plan_.interface[factor.interface_begin + k];
      if (!normalise(state_.out[k], plan_.variable[end.variable].cardinality)) return false;
    }
    return true;
  }

  // Damps the computed messages into the stored ones.
  void store(const Factor& factor, Real& residual) {
    const Table& table = plan_.table[factor.table];
    const Real fresh = static_cast<Real>(1.0 - options_.damping), kept = static_cast<Real>(options_.damping);
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const Edge& edge = edge_of(factor, k);
      Real* stored = state_.at(edge.message);
      const Real* computed = state_.at(plan_.interface[factor.interface_begin + k].out);
      for (std::int32_t v = 0; v < plan_.variable[edge.variable].cardinality; ++v) {
        const Real next = fresh * computed[v] + kept * stored[v];
        residual = std::max(residual, distance(next, stored[v]));
        stored[v] = next;
      }
    }
  }

  static Real distance(Real a, Real b) { return static_cast<Real>(std::fabs(static_cast<double>(a) - static_cast<double>(b))); }

  // Own weights times all messages, into the accumulator.
  bool variable_belief(std::size_t i, std::int64_t& exponent) {
    const std::int32_t variable = plan_.loopy_variable[i];
    const std::int32_t values = plan_.variable[variable].cardinality;
    Real* product = state_.accumulator.data();
    start_product(variable, product);
    for (std::int64_t e = plan_.edge_begin[i]; e < plan_.edge_begin[i + 1]; ++e) {
      const Real* message = state_.at(plan_.edge[plan_.edge_of_variable[e]].message);
      for (std::int32_t v = 0; v < values; ++v) product[v] *= message[v];
      if (!rescale(product, values, exponent)) return false;
    }
    return true;
  }

  State<Real>& state_;
  const Plan& plan_;
  const Options& options_;
};

}  // namespace emnesy::bp
