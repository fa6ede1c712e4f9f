#include "abc/tally.hpp"

#include <algorithm>
#include <cmath>

namespace emnesy::abc {

Tally::Tally(const Simulator& s, const Plan& p, const Grouping& g)
    : simulator(s), plan(p), grouping(g), group(g.group.size()), weight(static_cast<std::size_t>(p.value_begin.back())),
      drawn(weight.size()), query(s.queries.size()), said(g.group.size()) {}

void Tally::clear() {
  std::fill(group.begin(), group.end(), GroupTally{});
  std::fill(weight.begin(), weight.end(), 0.0);
  std::fill(drawn.begin(), drawn.end(), 0);
  std::fill(query.begin(), query.end(), 0.0);
  for (auto& statements : said) statements.clear();
}

void Tally::rescale(std::size_t g, double factor) {
  if (factor == 1.0) return;
  group[g].sum *= factor;
  group[g].squares *= factor * factor;
  for (const std::int32_t c : grouping.group[g].choice) {
    for (std::int64_t v = plan.value_begin[c]; v < plan.value_begin[c + 1]; ++v) weight[v] *= factor;
  }
  for (const std::int32_t q : grouping.group[g].query) query[q] *= factor;
  for (auto& [key, statement] : said[g]) statement.weight *= factor;
}

void Tally::merge(Tally& other, double rate, Task task, const std::vector<double>& uniform) {
  for (std::size_t g = 0; g < group.size(); ++g) {
    GroupTally& ours = group[g];
    GroupTally& theirs = other.group[g];
    if (theirs.sum > 0) {
      const double nearest = std::min(ours.nearest, theirs.nearest);
      if (std::isfinite(nearest) && ours.sum > 0) rescale(g, std::exp(-rate * (ours.nearest - nearest)));
      if (std::isfinite(nearest)) other.rescale(g, std::exp(-rate * (theirs.nearest - nearest)));
      ours.nearest = nearest;
    }
    ours.sum += theirs.sum;
    ours.squares += theirs.squares;
    ours.positive += theirs.positive;
    const bool take = task == Task::Map ? theirs.score > ours.score : uniform[g] * ours.sum < theirs.sum;
    if (theirs.chosen >= 0 && (ours.chosen < 0 || take)) {
      ours.chosen = theirs.chosen;
      ours.score = theirs.score;
    }
    for (const auto& [key, statement] : other.said[g]) {
      Statement& own = said[g][key];
      own.computed = statement.computed;
      own.weight += statement.weight;
    }
  }
  for (std::size_t v = 0; v < weight.size(); ++v) {
    weight[v] += other.weight[v];
    drawn[v] += other.drawn[v];
  }
  for (std::size_t q = 0; q < query.size(); ++q) query[q] += other.query[q];
}

}  // namespace emnesy::abc
