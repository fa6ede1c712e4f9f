#include "bp/cut.hpp"

#include <algorithm>
#include <numeric>

namespace emnesy::bp {
namespace {

std::int64_t total_of(const std::vector<std::int64_t>& cost) { return std::accumulate(cost.begin(), cost.end(), std::int64_t{0}); }

std::int64_t piece_cost(std::int64_t total) { return std::max(least_piece, (total + most_pieces - 1) / most_pieces); }

// Adds pieces of the items at(first) .. at(last - 1): a new one wherever the cost passes `target`, but none of a small rest.
template <typename Cost>
void add_pieces(std::int32_t first, std::int32_t last, std::int64_t target, const Cost& cost_at, Pieces& pieces) {
  if (first == last) return;
  std::int64_t left = 0;
  for (std::int32_t i = first; i < last; ++i) left += cost_at(i);
  std::int64_t piece = 0;
  for (std::int32_t i = first; i < last; ++i) {
    piece += cost_at(i);
    left -= cost_at(i);
    if (piece < target || left < target / 2) continue;
    pieces.push_back(i + 1);
    piece = 0;
  }
  if (pieces.back() != last) pieces.push_back(last);
}

std::vector<std::int64_t> below(const std::vector<std::int32_t>& order, const std::vector<std::int32_t>& parent,
                                const std::vector<std::int64_t>& cost) {
  std::vector<std::int64_t> sum(cost.size(), 0);
  for (std::size_t i = order.size(); i-- > 0;) {
    const std::int32_t f = order[i];
    sum[f] += cost[f];
    if (parent[f] >= 0) sum[parent[f]] += sum[f];
  }
  return sum;
}

// Items sorted by key, 0 .. keys - 1; those of equal keys stay as they are.
std::vector<std::int32_t> sort_by(const std::vector<std::int32_t>& items, const std::vector<std::int32_t>& key, std::int32_t keys) {
  std::vector<std::int32_t> begin(keys + 1, 0), sorted(items.size());
  for (const std::int32_t i : items) ++begin[key[i] + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  for (const std::int32_t i : items) sorted[begin[key[i]]++] = i;
  return sorted;
}

}  // namespace

Pieces even_pieces(const std::vector<std::int64_t>& cost) {
  Pieces pieces{0};
  add_pieces(0, static_cast<std::int32_t>(cost.size()), piece_cost(total_of(cost)), [&](std::int32_t i) { return cost[i]; }, pieces);
  return pieces;
}

std::int32_t middle(const std::vector<std::int32_t>& order, const std::vector<std::int32_t>& parent,
                    const std::vector<std::int64_t>& cost) {
  const auto sum = below(order, parent, cost);
  std::int32_t found = order.front();
  for (const std::int32_t f : order) {  // the lowest one with half of the cost or more below it: they are a path
    if (2 * sum[f] >= sum[order.front()]) found = f;
  }
  return found;
}

TreeCut cut_trees(const std::vector<std::int32_t>& order, const std::vector<std::int32_t>& parent,
                  const std::vector<std::int64_t>& cost) {
  const auto sum = below(order, parent, cost);
  std::int64_t total = 0;
  for (const std::int32_t f : order) total += cost[f];
  const std::int64_t target = piece_cost(total);
  const bool whole = total < 2 * least_piece;
  const auto on_top = [&](std::int32_t f) { return !whole && sum[f] > target; };

  // Stems, then subtrees, each in a group of its own.
  std::vector<std::int32_t> branches(cost.size(), 0), group(cost.size(), -1), stem_level;
  std::vector<std::int32_t> top, rest;
  for (const std::int32_t f : order) {
    (on_top(f) ? top : rest).push_back(f);
    if (on_top(f) && parent[f] >= 0) ++branches[parent[f]];
  }
  for (const std::int32_t f : top) {
    const bool grows_on = parent[f] >= 0 && branches[parent[f]] == 1;
    if (grows_on) {
      group[f] = group[parent[f]];
    } else {
      group[f] = static_cast<std::int32_t>(stem_level.size());
      stem_level.push_back(parent[f] < 0 ? 0 : stem_level[group[parent[f]]] + 1);
    }
  }
  TreeCut cut;
  cut.top = static_cast<std::int32_t>(top.size());
  cut.stem = cut.level = {0};
  const auto stems = static_cast<std::int32_t>(stem_level.size());
  const std::int32_t levels = stems == 0 ? 0 : 1 + *std::max_element(stem_level.begin(), stem_level.end());
  std::vector<std::int32_t> by_level(stems), rank(stems), length(stems, 0);
  std::iota(by_level.begin(), by_level.end(), 0);
  by_level = sort_by(by_level, stem_level, levels);
  for (std::int32_t s = 0; s < stems; ++s) rank[by_level[s]] = s;
  for (const std::int32_t f : top) ++length[group[f] = rank[group[f]]];
  for (std::int32_t s = 0; s < stems; ++s) {
    cut.stem.push_back(cut.stem.back() + length[s]);
    if (s + 1 == stems || stem_level[by_level[s + 1]] != stem_level[by_level[s]]) cut.level.push_back(s + 1);
  }
  cut.order = sort_by(top, group, stems);

  std::int32_t subtrees = 0;
  for (const std::int32_t f : rest) {
    const bool starts = parent[f] < 0 || on_top(parent[f]);
    group[f] = starts ? subtrees++ : group[parent[f]];
  }
  const auto sorted = sort_by(rest, group, subtrees);
  cut.order.insert(cut.order.end(), sorted.begin(), sorted.end());

  cut.piece = {0};
  add_pieces(0, cut.top, target, [&](std::int32_t i) { return cost[cut.order[i]]; }, cut.piece);
  cut.top_pieces = static_cast<std::int32_t>(cut.piece.size()) - 1;
  // A subtree is never cut.
  std::int64_t piece = 0;
  const auto count = static_cast<std::int32_t>(cut.order.size());
  for (std::int32_t i = cut.top; i < count; ++i) {
    piece += cost[cut.order[i]];
    const bool ends = i + 1 == count || group[cut.order[i + 1]] != group[cut.order[i]];
    if (i + 1 < count && (whole || !ends || piece < target / 2)) continue;
    cut.piece.push_back(i + 1);
    piece = 0;
  }
  return cut;
}

SweepCut cut_sweep(const std::vector<std::int64_t>& scope_begin, const std::vector<std::int32_t>& scope,
                   std::int32_t variable_count, const std::vector<std::int64_t>& cost) {
  const auto factors = static_cast<std::int32_t>(cost.size());
  std::vector<std::int32_t> level(factors, 0), next(variable_count, 0);
  std::int32_t levels = 0;
  for (std::int32_t f = 0; f < factors; ++f) {
    for (std::int64_t i = scope_begin[f]; i < scope_begin[f + 1]; ++i) level[f] = std::max(level[f], next[scope[i]]);
    for (std::int64_t i = scope_begin[f]; i < scope_begin[f + 1]; ++i) next[scope[i]] = level[f] + 1;
    levels = std::max(levels, level[f] + 1);
  }
  SweepCut cut;
  if (total_of(cost) < least_level * levels || total_of(cost) < 2 * least_piece) return cut;
  std::vector<std::int32_t> all(factors);
  std::iota(all.begin(), all.end(), 0);
  cut.order = sort_by(all, level, levels);
  cut.piece = cut.level = {0};
  for (std::int32_t first = 0, last = 0; first < factors; first = last) {
    while (last < factors && level[cut.order[last]] == level[cut.order[first]]) ++last;
    std::int64_t sum = 0;
    for (std::int32_t i = first; i < last; ++i) sum += cost[cut.order[i]];
    const std::int64_t target = std::max(least_sweep_piece, (sum + most_pieces - 1) / most_pieces);
    add_pieces(first, last, target, [&](std::int32_t i) { return cost[cut.order[i]]; }, cut.piece);
    cut.level.push_back(static_cast<std::int32_t>(cut.piece.size()) - 1);
  }
  return cut;
}

}  // namespace emnesy::bp
