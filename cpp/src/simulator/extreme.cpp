#include "simulator/extreme.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "simd.hpp"
#include "simulator/rows.hpp"

namespace emnesy::simulator {
namespace {

template <typename T>
constexpr T unreached() {
  return std::is_same_v<T, double> ? static_cast<T>(std::numeric_limits<double>::infinity()) : static_cast<T>(no_path);
}

// 64 bytes; GCC and clang split it where the machine's vectors are shorter.
template <typename T>
struct Vector;
template <>
struct Vector<std::int32_t> {
  typedef std::int32_t type __attribute__((vector_size(64)));
};
template <>
struct Vector<double> {
  typedef double type __attribute__((vector_size(64)));
};

template <typename T>
__attribute__((always_inline)) inline bool correct(const SweepGraph& g, std::int32_t node, const T* weight, T* label) {
  using V = typename Vector<T>::type;
  constexpr int vectors = row_width * static_cast<int>(sizeof(T)) / 64;
  V best[vectors];
  V* const own = reinterpret_cast<V*>(label + std::int64_t{node} * row_width);
  for (int v = 0; v < vectors; ++v) best[v] = V{} + unreached<T>();
  for (std::int32_t group = g.group_begin[node]; group < g.group_begin[node + 1]; ++group) {
    V nearest[vectors];
    const std::int32_t* source = g.source.data() + g.source_begin[group];
    const std::int32_t* const end = g.source.data() + g.source_begin[group + 1];
    const V* row = reinterpret_cast<const V*>(label + std::int64_t{*source} * row_width);
    for (int v = 0; v < vectors; ++v) nearest[v] = row[v];
    while (++source != end) {
      row = reinterpret_cast<const V*>(label + std::int64_t{*source} * row_width);
      for (int v = 0; v < vectors; ++v) nearest[v] = row[v] < nearest[v] ? row[v] : nearest[v];
    }
    const V* add = reinterpret_cast<const V*>(weight + std::int64_t{g.group_weight[group]} * row_width);
    for (int v = 0; v < vectors; ++v) {
      const V sum = nearest[v] + add[v];
      best[v] = sum < best[v] ? sum : best[v];
    }
  }
  using Mask = decltype(own[0] != own[0]);
  Mask changed = best[0] != own[0];
  for (int v = 1; v < vectors; ++v) changed |= best[v] != own[v];
  for (int v = 0; v < vectors; ++v) own[v] = best[v];
  bool any = false;
  for (std::size_t i = 0; i < 64 / sizeof(changed[0]); ++i) any |= changed[i] != 0;
  return any;
}

template <typename T>
__attribute__((always_inline)) inline bool sweep_as(const SweepGraph& g, const T* weight, T* label,
                                                    std::vector<std::uint8_t>& dirty, std::int64_t limit) {
  std::fill_n(label, std::int64_t{g.nodes} * row_width, unreached<T>());
  std::fill_n(label + std::int64_t{g.nodes} * row_width, row_width, T(0));
  dirty.assign(static_cast<std::size_t>(g.nodes), 0);
  std::int64_t left = 0, allowance = limit * std::max<std::int64_t>(g.nodes, 1);
  for (const std::int32_t node : g.start) dirty[node] = 1;
  left = static_cast<std::int64_t>(g.start.size());
  for (bool forwards = true; left > 0; forwards = !forwards) {
    for (std::int32_t i = 0; i < g.nodes; ++i) {
      const std::int32_t node = g.order[forwards ? i : g.nodes - 1 - i];
      if (!dirty[node]) continue;
      dirty[node] = 0;
      --left;
      if (--allowance < 0) return false;
      if (!correct(g, node, weight, label)) continue;
      for (std::int32_t r = g.reader_begin[node]; r < g.reader_begin[node + 1]; ++r) {
        std::uint8_t& flag = dirty[g.reader[r]];
        left += 1 - flag;
        flag = 1;
      }
    }
  }
  return true;
}

EMNESY_CLONES bool sweep_integers(const SweepGraph& g, const std::int32_t* weight, std::int32_t* label,
                                  std::vector<std::uint8_t>& dirty, std::int64_t limit) {
  return sweep_as(g, weight, label, dirty, limit);
}

EMNESY_CLONES bool sweep_reals(const SweepGraph& g, const double* weight, double* label, std::vector<std::uint8_t>& dirty,
                               std::int64_t limit) {
  return sweep_as(g, weight, label, dirty, limit);
}

EMNESY_CLONES void integers_of(double sign, const double* number, std::int32_t* weight) {
  for (int l = 0; l < row_width; ++l) {
    const bool defined = number[l] == number[l];
    weight[l] = defined ? static_cast<std::int32_t>(sign * (defined ? number[l] : 0.0)) : no_path;
  }
}

EMNESY_CLONES std::uint64_t numbers_of(double sign, const std::int32_t* label, double* number) {
  alignas(64) std::uint8_t bytes[row_width];
  for (int l = 0; l < row_width; ++l) {
    bytes[l] = label[l] < no_path ? 1 : 0;
    number[l] = label[l] < no_path ? sign * label[l] : std::numeric_limits<double>::quiet_NaN();
  }
  return pack(bytes);
}

}  // namespace

SweepGraph::SweepGraph(const Simulator& s, std::int32_t item) {
  const std::int64_t first = s.extreme_begin[item], last = s.extreme_begin[item + 1];
  first_node = static_cast<std::int32_t>(first);
  nodes = static_cast<std::int32_t>(last - first);
  std::map<std::int32_t, std::int32_t> place;
  for (std::int64_t e = s.edge_begin[first]; e < s.edge_begin[last]; ++e) {
    if (s.edge_weight[e] >= 0 && place.try_emplace(s.edge_weight[e], static_cast<std::int32_t>(place.size())).second) {
      weight_number.push_back(s.edge_weight[e]);
    }
  }
  weights = static_cast<std::int32_t>(weight_number.size());
  group_begin.push_back(0);
  source_begin.push_back(0);
  for (std::int64_t node = first; node < last; ++node) {
    std::vector<std::pair<std::int32_t, std::int32_t>> edges;  // (weight, source)
    for (std::int64_t e = s.edge_begin[node]; e < s.edge_begin[node + 1]; ++e) {
      const std::int32_t from = s.edge_source[e];
      if (from < 0 && (start.empty() || start.back() != node - first)) start.push_back(static_cast<std::int32_t>(node - first));
      edges.emplace_back(s.edge_weight[e] < 0 ? weights : place[s.edge_weight[e]],
                         from < 0 ? nodes : from - static_cast<std::int32_t>(first));
    }
    std::sort(edges.begin(), edges.end());
    for (std::size_t i = 0; i < edges.size(); ++i) {
      source.push_back(edges[i].second);
      if (i + 1 < edges.size() && edges[i + 1].first == edges[i].first) continue;
      group_weight.push_back(edges[i].first);
      source_begin.push_back(static_cast<std::int32_t>(source.size()));
    }
    group_begin.push_back(static_cast<std::int32_t>(group_weight.size()));
  }
  reader_begin.push_back(0);
  for (std::int64_t node = first; node < last; ++node) {
    std::vector<std::int32_t> targets;
    for (std::int64_t i = s.out_begin[node]; i < s.out_begin[node + 1]; ++i) {
      targets.push_back(s.edge_target[s.out_edge[i]] - static_cast<std::int32_t>(first));
    }
    std::sort(targets.begin(), targets.end());
    targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
    reader.insert(reader.end(), targets.begin(), targets.end());
    reader_begin.push_back(static_cast<std::int32_t>(reader.size()));
  }
  std::vector<std::uint8_t> seen(static_cast<std::size_t>(nodes), 0);
  order = start;
  for (const std::int32_t node : start) seen[node] = 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::int32_t r = reader_begin[order[i]]; r < reader_begin[order[i] + 1]; ++r) {
      if (seen[reader[r]]++ == 0) order.push_back(reader[r]);
      seen[reader[r]] = 1;
    }
  }
  for (std::int32_t node = 0; node < nodes; ++node) {
    if (!seen[node]) order.push_back(node);  // no way leads there
  }
}

bool sweep(const SweepGraph& graph, const std::int32_t* weight, std::int32_t* label, std::vector<std::uint8_t>& dirty,
           std::int64_t limit) {
  return sweep_integers(graph, weight, label, dirty, limit);
}

bool sweep(const SweepGraph& graph, const double* weight, double* label, std::vector<std::uint8_t>& dirty,
           std::int64_t limit) {
  return sweep_reals(graph, weight, label, dirty, limit);
}

void to_weight(double sign, const double* number, std::int32_t* weight) { integers_of(sign, number, weight); }

void to_weight(double sign, const double* number, double* weight) {
  for (int l = 0; l < row_width; ++l) weight[l] = number[l] == number[l] ? sign * number[l] : unreached<double>();
}

std::uint64_t from_label(double sign, const std::int32_t* label, double* number) { return numbers_of(sign, label, number); }
std::uint64_t from_label(double sign, const double* label, double* number) { return finish_best(sign, label, number); }

}  // namespace emnesy::simulator
