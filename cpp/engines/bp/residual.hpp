// Loopy messages in the order of their residuals: next comes the factor whose messages have the most to change.
//
// Elidan, McGraw, Koller, "Residual belief propagation: informed scheduling for asynchronous message passing",
// UAI 2006. Computing every neighbour's messages after each update, only to know how much they would change, costs more
// than it saves; a factor's residual is estimated instead by what the messages to it have changed since it was computed, as in
// Sutton, McCallum, "Improved dynamic schedules for belief propagation", UAI 2007. An estimate is no proof of
// convergence, so before the messages are called converged every factor is computed once.
#pragma once

#include <vector>

#include "bp/loopy.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// Items 0 .. n - 1 by key, the greatest first, the lowest item of equals: a binary heap that knows where items are.
class PriorityQueue {
 public:
  // All items at once.
  void build(std::vector<double> keys) {
    key_ = std::move(keys);
    heap_.resize(key_.size());
    place_.resize(key_.size());
    for (std::size_t i = 0; i < heap_.size(); ++i) heap_[i] = place_[i] = static_cast<std::int32_t>(i);
    for (std::size_t i = heap_.size() / 2; i-- > 0;) down(i);
  }
  std::int32_t top() const { return heap_.front(); }
  double greatest() const { return key_[heap_.front()]; }
  double key(std::int32_t item) const { return key_[item]; }
  void set(std::int32_t item, double key) {
    const bool rises = key > key_[item];
    key_[item] = key;
    rises ? up(place_[item]) : down(place_[item]);
  }

 private:
  bool before(std::int32_t a, std::int32_t b) const { return key_[a] != key_[b] ? key_[a] > key_[b] : a < b; }
  void put(std::size_t place, std::int32_t item) {
    heap_[place] = item;
    place_[item] = static_cast<std::int32_t>(place);
  }
  void up(std::size_t place) {
    const std::int32_t item = heap_[place];
    for (; place > 0 && before(item, heap_[(place - 1) / 2]); place = (place - 1) / 2) put(place, heap_[(place - 1) / 2]);
    put(place, item);
  }
  void down(std::size_t place) {
    const std::int32_t item = heap_[place];
    for (std::size_t child; (child = 2 * place + 1) < heap_.size(); place = child) {
      if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
      if (!before(heap_[child], item)) break;
      put(place, heap_[child]);
    }
    put(place, item);
  }

  std::vector<double> key_;          // by item
  std::vector<std::int32_t> heap_;   // items
  std::vector<std::int32_t> place_;  // by item: its place in heap_
};

// One run of a Loopy's messages. Not for bundles: every example has an order of its own.
template <typename Real>
class Residual {
 public:
  explicit Residual(Loopy<Real>& loopy) : loopy_(loopy), state_(loopy.state_), plan_(loopy.plan_) {}

  // False: some message cannot be trusted.
  template <typename Op>
  bool run(Convergence<1>& convergence) {
    const auto factors = static_cast<std::int64_t>(plan_.loopy.size());
    const std::int64_t limit = factors * loopy_.options_.max_iterations;
    const double tolerance = loopy_.options_.tolerance;
    std::int64_t updates = 0, spent = 0;
    for (;;) {
      if (!examine<Op>()) return false;
      if (!(queue_.greatest() > tolerance) || spent >= limit) break;
      for (; spent < limit && queue_.greatest() > tolerance; ++updates, ++spent) {
        if (!update<Op>(queue_.top())) return false;
      }
      spent += factors;  // the next look at all of them
    }
    convergence.iterations[0] = static_cast<std::int32_t>((updates + factors - 1) / factors);
    convergence.residual[0] = queue_.greatest();
    convergence.converged[0] = !(queue_.greatest() > tolerance);
    return true;
  }

 private:
  // Every factor's true residual.
  template <typename Op>
  bool examine() {
    if (!loopy_.template gather<false>()) return false;
    std::vector<double> keys;
    keys.reserve(plan_.loopy.size());
    for (const Factor& factor : plan_.loopy) {
      const Table& table = state_.table(factor);
      loopy_.take_gathered(factor, table);
      if (!loopy_.template compute<Op>(factor, table)) return false;
      double residual = 0;
      for (std::int32_t k = 0; k < table.interface_count; ++k) {
        residual = std::max(residual, change(state_.out[k], loopy_.edge_of(factor, k)));
      }
      keys.push_back(residual);
    }
    queue_.build(std::move(keys));
    return true;
  }

  // How much a computed message would change the stored one.
  double change(const Real* computed, const Edge& edge) {
    const Real* stored = state_.at(edge.message);
    Real greatest(0);
    for (std::int32_t v = 0; v < loopy_.cardinality(edge.variable); ++v) {
      greatest = greater(greatest, distance(loopy_.fresh_ * computed[v] + loopy_.kept_ * stored[v], stored[v]));
    }
    return static_cast<double>(greatest);
  }

  template <typename Op>
  bool update(std::int32_t f) {
    const Factor& factor = plan_.loopy[f];
    const Table& table = state_.table(factor);
    Real* next = state_.bench(plan_.messages_in);
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const Edge& edge = loopy_.edge_of(factor, k);
      if (!message_in(edge, next)) return false;
      state_.in[k] = next;
      next += loopy_.cardinality(edge.variable);
    }
    if (!loopy_.template compute<Op>(factor, table)) return false;
    loopy_.gathered_ = false;
    double left = 0;  // of this factor's own residual, where damping keeps a share of the old messages
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const Edge& edge = loopy_.edge_of(factor, k);
      Real residual(0);
      loopy_.store(state_.out[k], state_.at(edge.message), loopy_.cardinality(edge.variable), residual);
      const auto changed = static_cast<double>(residual);
      left = std::max(left, loopy_.options_.damping * changed);
      if (!(changed > 0)) continue;
      for (std::int64_t i = plan_.edge_begin[edge.slot]; i < plan_.edge_begin[edge.slot + 1]; ++i) {
        const std::int32_t other = plan_.edge[plan_.edge_of_variable[i]].factor;
        if (other != f) queue_.set(other, queue_.key(other) + changed);
      }
    }
    queue_.set(f, left);
    return true;
  }

  // From the edge's variable: its own weights times the messages of its other factors, normalised.
  bool message_in(const Edge& edge, Real* product) {
    const std::int32_t values = loopy_.cardinality(edge.variable);
    typename State<Real>::Exponent ignored{};
    std::copy_n(state_.own(edge.variable), values, product);
    for (std::int64_t i = plan_.edge_begin[edge.slot]; i < plan_.edge_begin[edge.slot + 1]; ++i) {
      const Edge& other = plan_.edge[plan_.edge_of_variable[i]];
      if (&other == &edge) continue;
      const Real* message = state_.at(other.message);
      for (std::int32_t v = 0; v < values; ++v) product[v] *= message[v];
      if (!state_.check(rescale(product, values, ignored))) return false;
    }
    return loopy_.normalise(product, values);
  }

  Loopy<Real>& loopy_;
  State<Real>& state_;
  const Plan& plan_;
  PriorityQueue queue_;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
