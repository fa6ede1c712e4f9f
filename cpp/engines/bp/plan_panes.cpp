// Large trees: which leaves' priors lie in the window at one time; and where the distributions are that a bundle looks at.
#include <algorithm>

#include "bp/planner.hpp"

namespace emnesy::bp {
namespace {

std::vector<std::uint8_t> bounds(const TreeCut& cut, std::size_t factors) {
  std::vector<std::uint8_t> bound(factors + 1, 0);
  bound[factors] = 1;
  for (const std::int32_t i : cut.piece) bound[i] = 1;
  for (const std::int32_t i : cut.stem) bound[i] = 1;
  return bound;
}

// One more distribution, at the end of those before where it follows upon them.
void add(std::vector<Distributions>& all, const Distributions& more) {
  if (!all.empty()) {
    Distributions& last = all.back();
    if (last.block == more.block && last.width == more.width && last.partial == more.partial && last.end == more.begin) {
      last.end = more.end;
      return;
    }
  }
  all.push_back(more);
}

}  // namespace

void Planner::add_panes() {
  const auto factors = static_cast<std::int32_t>(plan_.tree.size());
  // What lies as it is in a prior block, and whose posterior goes where it lies.
  const auto plain = [&](std::int32_t v) { return plan_.variable[v].plain_output && plan_.variable[v].own.row > 0; };
  const auto leaves = [&](std::int32_t i) {
    const Factor& factor = plan_.tree[i];
    const auto first = plan_.leaf.begin() + factor.leaf_begin;
    std::vector<std::int32_t> found(first, first + plan_.table[factor.table].leaf_count);
    found.erase(std::remove_if(found.begin(), found.end(), [&](std::int32_t v) { return !plain(v); }), found.end());
    return found;
  };
  // A cell that only picks this factor's slices.
  const auto has_mask = [&](std::int32_t i) {
    const Factor& factor = plan_.tree[i];
    if (factor.slice_variable < 0 || !factor.slice_local) return false;
    const Variable& v = plan_.variable[factor.slice_variable];
    return v.prepared && !v.choice();
  };
  std::vector<std::int64_t> values(factors, 0);
  std::int64_t total = 0;
  for (std::int32_t i = 0; i < factors; ++i) {
    for (const std::int32_t v : leaves(i)) values[i] += plan_.variable[v].cardinality;
    total += values[i];
  }
  if (total < least_paned) return;

  const std::vector<std::uint8_t> bound = bounds(plan_.trees, plan_.tree.size());
  std::vector<std::vector<std::uint8_t>> paned;
  for (const std::int64_t size : plan_.block_size) paned.emplace_back(size, std::uint8_t{0});
  std::vector<std::int32_t> inside;
  std::int64_t held = 0;
  Pane pane;
  for (std::int32_t i = 0; i < factors; ++i) {
    const auto more = leaves(i);
    inside.insert(inside.end(), more.begin(), more.end());
    if (has_mask(i)) plan_.pane_mask.push_back(plan_.tree[i].slice_variable);
    held += values[i];
    plan_.pane_of.push_back(static_cast<std::int32_t>(plan_.pane.size()));
    if (!bound[i + 1] && held + values[i + 1] <= pane_values) continue;
    std::sort(inside.begin(), inside.end(), [&](std::int32_t a, std::int32_t b) {
      const Variable &x = plan_.variable[a], &y = plan_.variable[b];
      return x.block != y.block ? x.block < y.block : x.offset < y.offset;
    });
    std::int64_t at = 0;
    for (const std::int32_t id : inside) {
      Variable& v = plan_.variable[id];
      v.window = at;
      at += v.cardinality;
      std::fill_n(paned[v.block].begin() + v.offset, v.cardinality, std::uint8_t{1});
      const bool goes_on = static_cast<std::int32_t>(plan_.pane_span.size()) > pane.span_begin && plan_.pane_span.back().block == v.block &&
                           plan_.pane_span.back().end == v.offset;
      if (!goes_on) plan_.pane_span.push_back({v.block, v.offset, v.offset, v.window});
      plan_.pane_span.back().end += v.cardinality;
    }
    pane.mask_end = static_cast<std::int32_t>(plan_.pane_mask.size());
    for (std::int32_t m = pane.mask_begin; m < pane.mask_end; ++m) {
      Variable& v = plan_.variable[plan_.pane_mask[m]];
      v.window = at;
      at += v.cardinality;
    }
    plan_.window_size = std::max(plan_.window_size, at);
    pane.end = i + 1;
    pane.span_end = static_cast<std::int32_t>(plan_.pane_span.size());
    plan_.pane.push_back(pane);
    pane.begin = pane.end;
    pane.span_begin = pane.span_end;
    pane.mask_begin = pane.mask_end;
    inside.clear();
    held = 0;
  }
  for (std::size_t b = 0; b < paned.size(); ++b) {
    for (std::int64_t i = 0; i < plan_.block_size[b];) {
      std::int64_t end = i;
      while (end < plan_.block_size[b] && paned[b][end] == paned[b][i]) ++end;
      if (!paned[b][i]) plan_.unpaned_span.push_back({static_cast<std::int32_t>(b), i, end, 0});
      i = end;
    }
  }
}

void Planner::add_judged() {
  std::vector<std::vector<Distributions>> inside(plan_.pane_span.size());
  for (std::size_t b = 0; b < layout_.rules.size(); ++b) {
    const PriorRule& rule = layout_.rules[b];
    const auto block = static_cast<std::int32_t>(b);
    std::vector<std::int32_t> span_of(plan_.block_size[b], -1);  // by element; -1: in no pane
    for (std::size_t s = 0; s < plan_.pane_span.size(); ++s) {
      const Span& span = plan_.pane_span[s];
      if (span.block == block) std::fill(span_of.begin() + span.begin, span_of.begin() + span.end, static_cast<std::int32_t>(s));
    }
    for (const std::int64_t offset : rule.offset) {
      const std::int32_t s = span_of[offset];
      const auto first = span_of.begin() + offset;
      if (std::count(first, first + rule.width, s) != rule.width) {
        plan_.judged_whole = false;
      } else if (s < 0) {
        add(plan_.judged, {block, rule.width, offset, offset + rule.width, rule.partial});
      } else {
        const std::int64_t at = offset - plan_.pane_span[s].begin + plan_.pane_span[s].window;
        add(inside[s], {block, rule.width, at, at + rule.width, rule.partial});
      }
    }
  }
  for (Pane& pane : plan_.pane) {
    pane.judged_begin = static_cast<std::int32_t>(plan_.pane_judged.size());
    for (std::int32_t s = pane.span_begin; s < pane.span_end; ++s) {
      plan_.pane_judged.insert(plan_.pane_judged.end(), inside[s].begin(), inside[s].end());
    }
    pane.judged_end = static_cast<std::int32_t>(plan_.pane_judged.size());
  }
}

}  // namespace emnesy::bp
