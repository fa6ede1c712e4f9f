#include "counterfactual/paths.hpp"

#include <algorithm>
#include <functional>

namespace emnesy::counterfactual {

namespace {
constexpr std::int64_t far = PathConditionals::unbounded;
constexpr std::uint64_t node_mask = (std::uint64_t{1} << PathConditionals::node_bits) - 1;
}  // namespace

bool observe_path(const PathGraph& graph, const std::uint8_t* on_path, ObservedPath& out) {
  const std::int32_t n = graph.size();
  out = {};
  out.index.assign(n, -1);
  if (!on_path[graph.root] || !on_path[graph.source]) return false;
  // Distances fall along the chain of selections. So if a node had two neighbours further down the chain, it would
  // select the one that is further down, and the other one would be skipped: each node has exactly one.
  std::vector<std::int32_t> chain{graph.root};
  out.index[graph.root] = 0;
  while (chain.back() != graph.source) {
    const std::int32_t v = chain.back();
    std::int32_t next = -1;
    for (std::int64_t e = graph.begin[v]; e < graph.begin[v + 1]; ++e) {
      const std::int32_t u = graph.neighbour[e];
      if (!on_path[u] || out.index[u] >= 0) continue;
      if (next >= 0) return false;
      next = u;
    }
    if (next < 0) return false;
    out.index[next] = static_cast<std::int32_t>(chain.size());
    chain.push_back(next);
  }
  if (static_cast<std::int64_t>(chain.size()) != std::count_if(on_path, on_path + n, [](auto x) { return x != 0; })) return false;
  const auto length = static_cast<std::int32_t>(chain.size());
  out.path.assign(chain.rbegin(), chain.rend());
  for (std::int32_t i = 0; i < length; ++i) out.index[out.path[i]] = i;
  for (std::int32_t i = 1; i < length; ++i) {
    const std::int32_t v = out.path[i];
    bool strict = true;
    for (std::int64_t e = graph.begin[v]; e < graph.begin[v + 1]; ++e) {
      const std::int32_t u = graph.neighbour[e];
      if (u == out.path[i - 1]) strict = false;
      else if (out.index[u] < 0) {  // a neighbour on the path comes after v, so that its distance is greater anyway
        out.constraint_node.push_back(u);
        out.constraint_position.push_back(i - 1);
        out.constraint_strict.push_back(strict);
      }
    }
  }
  out.at_begin.assign(n + 1, 0);
  for (const std::int32_t u : out.constraint_node) ++out.at_begin[u + 1];
  for (std::int32_t v = 0; v < n; ++v) out.at_begin[v + 1] += out.at_begin[v];
  out.at.resize(out.constraint_node.size());
  auto next = out.at_begin;
  for (std::size_t c = 0; c < out.at.size(); ++c) out.at[next[out.constraint_node[c]]++] = static_cast<std::int32_t>(c);
  return true;
}

PathConditionals::PathConditionals(const PathGraph& graph) : graph_(graph) {
  const std::int32_t n = graph.size();
  for (auto* values : {&weight_, &distance_, &before_, &completion_, &local_, &bound_}) values->assign(n, far);
  block_.assign(n, -1);
  block_next_.assign(n, -1);
  done_.assign(n, 0);
  heap_.reserve(n);
}

void PathConditionals::push(std::int64_t value, std::int32_t node) {
  heap_.push_back((static_cast<std::uint64_t>(value) << node_bits) | static_cast<std::uint64_t>(node));
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

std::int32_t PathConditionals::pop(std::int64_t& value) {
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
  const std::uint64_t top = heap_.back();
  heap_.pop_back();
  value = static_cast<std::int64_t>(top >> node_bits);
  return static_cast<std::int32_t>(top & node_mask);
}

// Distances from the source. The weight belongs to the node, so the first neighbour that is done gives the distance.
void PathConditionals::forward(const ObservedPath& observed, const std::int64_t* weight) {
  const std::int32_t n = graph_.size();
  for (std::int32_t v = 0; v < n; ++v) weight_[v] = 2 * weight[v];
  std::fill(distance_.begin(), distance_.end(), far);
  heap_.clear();
  const std::int32_t source = graph_.source;
  distance_[source] = weight_[source];
  before_[source] = 0;
  block_[source] = std::max(observed.index[source], 0);
  push(distance_[source], source);
  while (!heap_.empty()) {
    std::int64_t d = 0;
    const std::int32_t v = pop(d);
    for (std::int64_t e = graph_.begin[v]; e < graph_.begin[v + 1]; ++e) {
      const std::int32_t u = graph_.neighbour[e];
      if (distance_[u] != far) continue;
      distance_[u] = d + weight_[u];
      before_[u] = d;
      // The block of a node: the last node of the path on its way from the source. Of equal ways the path's counts.
      block_[u] = observed.index[u] >= 0 ? observed.index[u] : block_[v];
      push(distance_[u], u);
    }
  }
  prefix_.resize(observed.path.size());
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < observed.path.size(); ++i) prefix_[i] = sum += weight_[observed.path[i]];
}

std::int64_t PathConditionals::violations(const ObservedPath& observed, const std::int64_t* weight) {
  forward(observed, weight);
  std::int64_t broken = 0;
  for (std::size_t c = 0; c < observed.constraint_node.size(); ++c) {
    broken += distance_[observed.constraint_node[c]] < prefix_[observed.constraint_position[c]] + observed.constraint_strict[c];
  }
  return broken;
}

// E, over ways that do not touch the path: the constraint at which a way enters the path is met before that.
void PathConditionals::backward(const ObservedPath& observed) {
  std::fill(completion_.begin(), completion_.end(), far);
  std::fill(done_.begin(), done_.end(), std::uint8_t{0});
  for (std::size_t c = 0; c < observed.constraint_node.size(); ++c) {
    std::int64_t& e = completion_[observed.constraint_node[c]];
    e = std::min(e, -prefix_[observed.constraint_position[c]] - observed.constraint_strict[c]);
  }
  const std::int64_t shift = prefix_.back() + 2;  // keys must not be negative
  heap_.clear();
  for (std::int32_t v = 0; v < graph_.size(); ++v) {
    if (completion_[v] == far) continue;
    heap_.push_back((static_cast<std::uint64_t>(completion_[v] + weight_[v] + shift) << node_bits) | static_cast<std::uint64_t>(v));
  }
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  while (!heap_.empty()) {
    std::int64_t key = 0;
    const std::int32_t v = pop(key);
    if (done_[v]) continue;
    done_[v] = 1;
    key -= shift;
    for (std::int64_t e = graph_.begin[v]; e < graph_.begin[v + 1]; ++e) {
      const std::int32_t u = graph_.neighbour[e];
      if (key >= completion_[u] || observed.index[u] >= 0) continue;
      completion_[u] = key;
      push(key + weight_[u] + shift, u);
    }
  }
}

void PathConditionals::at_most(std::int32_t first, std::int32_t last, std::int64_t value) {
  if (first >= last) return;
  std::size_t level = 0;
  while ((std::int32_t{2} << level) <= last - first) ++level;
  auto& row = ranges_[level];
  row[first] = std::min(row[first], value);
  const std::int32_t second = last - (std::int32_t{1} << level);
  row[second] = std::min(row[second], value);
}

// Ways that jump over a node of the path from one block to another, and constraints met by a way that left earlier.
void PathConditionals::crossings(const ObservedPath& observed) {
  const auto length = static_cast<std::int32_t>(observed.path.size());
  std::size_t levels = 1;
  while ((std::int32_t{1} << levels) < length) ++levels;
  ranges_.resize(std::max(ranges_.size(), levels));
  for (auto& row : ranges_) row.assign(length, far);
  for (std::size_t c = 0; c < observed.constraint_node.size(); ++c) {
    const std::int32_t u = observed.constraint_node[c], i = observed.constraint_position[c];
    if (distance_[u] == far) continue;
    at_most(block_[u] + 1, i + 1, distance_[u] - prefix_[i] - observed.constraint_strict[c]);
  }
  for (std::int32_t y = 0; y < graph_.size(); ++y) {
    if (completion_[y] == far || distance_[y] == far) continue;
    for (std::int64_t e = graph_.begin[y]; e < graph_.begin[y + 1]; ++e) {
      const std::int32_t a = graph_.neighbour[e];
      if (block_[a] + 1 < block_[y]) at_most(block_[a] + 1, block_[y], distance_[a] + weight_[y] + completion_[y]);
    }
  }
  for (std::size_t level = ranges_.size(); level-- > 1;) {
    const std::int32_t half = std::int32_t{1} << (level - 1);
    for (std::int32_t i = 0; i < length; ++i) {
      const std::int64_t value = ranges_[level][i];
      if (value == far) continue;
      ranges_[level - 1][i] = std::min(ranges_[level - 1][i], value);
      ranges_[level - 1][i + half] = std::min(ranges_[level - 1][i + half], value);
    }
  }
  slack_ = ranges_[0];
}

// Ways through the block of path node k itself: in from earlier blocks, out to later ones or to a constraint that
// k's weight takes part in. Best first, with E as the estimate of the rest (a lower bound, and a consistent one).
void PathConditionals::inside_block(const ObservedPath& observed, std::int32_t k) {
  std::int64_t& slack = slack_[k];
  const std::int64_t shift = prefix_.back() + 2;
  heap_.clear();
  for (std::int32_t b = block_head_[k]; b >= 0; b = block_next_[b]) {
    std::int64_t entry = far;
    for (std::int64_t e = graph_.begin[b]; e < graph_.begin[b + 1]; ++e) {
      const std::int32_t a = graph_.neighbour[e];
      if (block_[a] < k) entry = std::min(entry, distance_[a]);
    }
    local_[b] = entry == far ? far : entry + weight_[b];
    if (entry != far && completion_[b] != far && local_[b] + completion_[b] < slack) {
      push(local_[b] + completion_[b] + shift, b);
    }
  }
  while (!heap_.empty()) {
    std::int64_t key = 0;
    const std::int32_t b = pop(key);
    key -= shift;
    if (key >= slack) break;
    const std::int64_t here = local_[b];
    if (key > here + completion_[b]) continue;  // outdated
    for (std::int64_t i = observed.at_begin[b]; i < observed.at_begin[b + 1]; ++i) {
      const std::int32_t c = observed.at[i];
      if (observed.constraint_position[c] < k) continue;
      slack = std::min(slack, here - prefix_[observed.constraint_position[c]] - observed.constraint_strict[c]);
    }
    for (std::int64_t e = graph_.begin[b]; e < graph_.begin[b + 1]; ++e) {
      const std::int32_t y = graph_.neighbour[e];
      if (observed.index[y] >= 0 || completion_[y] == far) continue;
      if (block_[y] > k) {
        slack = std::min(slack, here + weight_[y] + completion_[y]);
      } else if (block_[y] == k && here + weight_[y] < local_[y]) {
        local_[y] = here + weight_[y];
        if (local_[y] + completion_[y] < slack) push(local_[y] + completion_[y] + shift, y);
      }
    }
  }
}

bool PathConditionals::evaluate(const ObservedPath& observed, const std::int64_t* weight) {
  if (violations(observed, weight) > 0) return false;
  backward(observed);
  crossings(observed);
  const auto length = static_cast<std::int32_t>(observed.path.size());
  block_head_.assign(length, -1);
  for (std::int32_t v = 0; v < graph_.size(); ++v) {
    if (observed.index[v] >= 0 || distance_[v] == far) continue;
    block_next_[v] = block_head_[block_[v]];
    block_head_[block_[v]] = v;
  }
  for (std::int32_t k = 1; k < length; ++k) inside_block(observed, k);
  for (std::int32_t v = 0; v < graph_.size(); ++v) {
    const std::int32_t k = observed.index[v];
    if (k >= 0) {  // slack and room are even or odd by one tie: rounded down, towards the weight
      bound_[v] = slack_[k] == far ? unbounded : weight[v] + (slack_[k] >> 1);
    } else if (distance_[v] == far || completion_[v] == far) {
      bound_[v] = -unbounded;
    } else {
      bound_[v] = (-(before_[v] + completion_[v]) + 1) >> 1;
    }
  }
  return true;
}

}  // namespace emnesy::counterfactual
