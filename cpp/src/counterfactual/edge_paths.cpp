#include "counterfactual/edge_paths.hpp"

#include <algorithm>
#include <functional>

namespace emnesy::counterfactual {

namespace {
constexpr std::int64_t far = EdgeConditionals::unbounded;
constexpr std::uint64_t node_mask = (std::uint64_t{1} << EdgeConditionals::node_bits) - 1;

// Edges by what `key` says of them (-1: nothing), as CSR.
template <typename Key>
void group(std::int32_t count, std::int32_t edges, std::vector<std::int64_t>& begin, std::vector<std::int32_t>& list, Key&& key) {
  begin.assign(count + 1, 0);
  for (std::int32_t e = 0; e < edges; ++e) {
    if (key(e) >= 0) ++begin[key(e) + 1];
  }
  for (std::int32_t i = 0; i < count; ++i) begin[i + 1] += begin[i];
  list.resize(begin[count]);
  auto next = begin;
  for (std::int32_t e = 0; e < edges; ++e) {
    if (key(e) >= 0) list[next[key(e)]++] = e;
  }
}
}  // namespace

void EdgeGraph::finish(std::int32_t weighers) {
  group(nodes(), edges(), out_begin, out, [&](std::int32_t e) { return from[e]; });
  group(weighers, edges(), weighs_begin, weighs, [&](std::int32_t e) { return weigher[e]; });
}

EdgeConditionals::EdgeConditionals(const EdgeGraph& graph) : graph_(graph) {
  const auto nodes = static_cast<std::size_t>(graph.nodes()), weighers = graph.weighs_begin.size() - 1;
  for (auto* values : {&distance_, &completion_, &local_}) values->assign(nodes, far);
  weight_.assign(graph.edges(), 0);
  block_.assign(nodes, 0);
  stamp_.assign(nodes, 0);
  position_.assign(weighers, 0);
  bound_.assign(weighers, 0);
}

void EdgeConditionals::observe(const std::vector<std::int32_t>& way) {
  const auto length = static_cast<std::int32_t>(way.size());
  way_.assign(1, -1);
  way_.insert(way_.end(), way.begin(), way.end());
  index_.assign(graph_.nodes(), -1);
  position_.assign(position_.size(), 0);
  constraint_.assign(graph_.edges(), 0);
  strict_.assign(graph_.edges(), 0);
  crossing_.resize(length + 1);
  index_[graph_.source] = 0;
  for (std::int32_t i = 1; i <= length; ++i) {
    index_[graph_.to[way_[i]]] = i;
    if (graph_.weigher[way_[i]] >= 0) position_[graph_.weigher[way_[i]]] = i;
  }
  for (std::int32_t i = 1; i <= length; ++i) {
    const std::int32_t v = graph_.to[way_[i]];
    std::uint8_t strict = 1;
    for (std::int64_t e = graph_.in_begin[v]; e < graph_.in_begin[v + 1]; ++e) {
      if (e == way_[i]) strict = 0;
      else if (index_[graph_.from[e]] < i) {  // a node further along the path is farther away anyway
        constraint_[e] = i;
        strict_[e] = strict;
      }
    }
  }
}

void EdgeConditionals::push(std::int64_t value, std::int32_t node) {
  heap_.push_back((static_cast<std::uint64_t>(value) << node_bits) | static_cast<std::uint64_t>(node));
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

std::int32_t EdgeConditionals::pop(std::int64_t& value) {
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
  const std::uint64_t top = heap_.back();
  heap_.pop_back();
  value = static_cast<std::int64_t>(top >> node_bits);
  return static_cast<std::int32_t>(top & node_mask);
}

// Distances from the source; false where a constraint is broken.
bool EdgeConditionals::forward() {
  const auto length = static_cast<std::int32_t>(way_.size()) - 1;
  prefix_.assign(length + 1, 0);
  for (std::int32_t i = 1; i <= length; ++i) {
    if (weight_[way_[i]] == far) return false;
    prefix_[i] = prefix_[i - 1] + weight_[way_[i]];
  }
  std::fill(distance_.begin(), distance_.end(), far);
  heap_.clear();
  distance_[graph_.source] = 0;
  block_[graph_.source] = 0;
  push(0, graph_.source);
  while (!heap_.empty()) {
    std::int64_t d = 0;
    const std::int32_t v = pop(d);
    if (d > distance_[v]) continue;
    for (std::int64_t i = graph_.out_begin[v]; i < graph_.out_begin[v + 1]; ++i) {
      const std::int32_t e = graph_.out[i], t = graph_.to[e];
      if (weight_[e] == far || d + weight_[e] >= distance_[t]) continue;
      distance_[t] = d + weight_[e];
      block_[t] = index_[t] >= 0 ? index_[t] : block_[v];
      push(distance_[t], t);
    }
  }
  for (std::int32_t i = 1; i <= length; ++i) {
    const std::int32_t v = graph_.to[way_[i]];
    for (std::int64_t e = graph_.in_begin[v]; e < graph_.in_begin[v + 1]; ++e) {
      const std::int64_t d = distance_[graph_.from[e]];
      if (constraint_[e] == 0 || d == far || weight_[e] == far) continue;
      if (d + weight_[e] < prefix_[i] + strict_[e]) return false;
    }
  }
  return true;
}

// E, over ways that do not touch the path: the constraint at which a way enters the path is met before that.
void EdgeConditionals::backward() {
  std::fill(completion_.begin(), completion_.end(), far);
  const std::int64_t shift = prefix_.back() + 2;  // keys must not be negative
  heap_.clear();
  const auto improve = [&](std::int32_t v, std::int64_t value) {
    if (value >= completion_[v]) return;
    completion_[v] = value;
    push(value + shift, v);
  };
  for (std::size_t i = 1; i < way_.size(); ++i) {
    const std::int32_t v = graph_.to[way_[i]];
    for (std::int64_t e = graph_.in_begin[v]; e < graph_.in_begin[v + 1]; ++e) {
      if (constraint_[e] == 0 || weight_[e] == far || index_[graph_.from[e]] >= 0) continue;
      improve(graph_.from[e], weight_[e] - prefix_[i] - strict_[e]);
    }
  }
  while (!heap_.empty()) {
    std::int64_t key = 0;
    const std::int32_t v = pop(key);
    key -= shift;
    if (key > completion_[v]) continue;
    for (std::int64_t e = graph_.in_begin[v]; e < graph_.in_begin[v + 1]; ++e) {
      if (weight_[e] != far && index_[graph_.from[e]] < 0) improve(graph_.from[e], key + weight_[e]);
    }
  }
}

void EdgeConditionals::crossings() {
  for (auto& list : crossing_) list.clear();
  for (std::int32_t e = 0; e < graph_.edges(); ++e) {
    const std::int32_t a = graph_.from[e], b = graph_.to[e];
    if (distance_[a] == far || weight_[e] == far) continue;
    if (index_[b] >= 0 ? constraint_[e] == 0 : completion_[b] == far) continue;
    for (std::int32_t k = block_[a] + 1; k <= block_[b]; ++k) crossing_[k].push_back(e);
  }
}

std::int64_t EdgeConditionals::around(std::int32_t k) {
  const std::int32_t own = graph_.weigher[way_[k]];
  const std::int64_t shift = prefix_.back() + 2;
  std::int64_t slack = far;
  heap_.clear();
  if (++now_ == 0) {
    std::fill(stamp_.begin(), stamp_.end(), 0);
    now_ = 1;
  }
  const auto take = [&](std::int32_t e, std::int64_t before) {  // an edge that a way around takes
    if (graph_.weigher[e] == own || weight_[e] == far) return;
    const std::int32_t b = graph_.to[e];
    const std::int64_t here = before + weight_[e];
    if (index_[b] >= 0) {
      if (constraint_[e] >= k) slack = std::min(slack, here - prefix_[constraint_[e]] - strict_[e]);
    } else if (block_[b] >= k && completion_[b] != far && (stamp_[b] != now_ || here < local_[b])) {
      stamp_[b] = now_;
      local_[b] = here;
      if (here + completion_[b] < slack) push(here + completion_[b] + shift, b);
    }
  };
  for (const std::int32_t e : crossing_[k]) take(e, distance_[graph_.from[e]]);
  while (!heap_.empty()) {
    std::int64_t key = 0;
    const std::int32_t b = pop(key);
    key -= shift;
    if (key >= slack) break;
    const std::int64_t here = local_[b];
    if (key > here + completion_[b]) continue;  // outdated
    for (std::int64_t i = graph_.out_begin[b]; i < graph_.out_begin[b + 1]; ++i) take(graph_.out[i], here);
  }
  return slack;
}

bool EdgeConditionals::evaluate(const std::int64_t* weight) {
  for (std::int32_t e = 0; e < graph_.edges(); ++e) {
    const std::int64_t w = graph_.weigher[e] >= 0 ? weight[graph_.weigher[e]] : graph_.constant[e];
    weight_[e] = w >= weight_limit ? far : 2 * w;
  }
  if (!forward()) return false;
  backward();
  crossings();
  for (std::size_t j = 0; j < bound_.size(); ++j) {
    if (position_[j] > 0) {  // slack is even or odd by one tie: rounded down, towards the weight
      const std::int64_t slack = around(position_[j]);
      bound_[j] = slack == far ? weight_limit - 1 : std::min(weight[j] + (slack >> 1), weight_limit - 1);
      continue;
    }
    std::int64_t rest = far;
    for (std::int64_t i = graph_.weighs_begin[j]; i < graph_.weighs_begin[j + 1]; ++i) {
      const std::int32_t e = graph_.weighs[i], b = graph_.to[e];
      const std::int64_t d = distance_[graph_.from[e]];
      if (d == far) continue;
      if (index_[b] >= 0) {
        if (constraint_[e] > 0) rest = std::min(rest, d - prefix_[constraint_[e]] - strict_[e]);
      } else if (completion_[b] != far) {
        rest = std::min(rest, d + completion_[b]);
      }
    }
    bound_[j] = rest == far ? -unbounded : (-rest + 1) >> 1;
  }
  return true;
}

}  // namespace emnesy::counterfactual
