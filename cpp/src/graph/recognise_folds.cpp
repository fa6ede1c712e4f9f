// Aggregates: the value of a sum, minimum or maximum becomes one variable, defined by one structured factor over the variables
// that decide the contributions. Several contributions may hang on one variable, as the ten values of a digit do.
//
// A value of its own says that nothing contributes. For a sum that has to be visible in the number: either every contribution is
// positive, so that zero means "nothing", or some variable always contributes. Other sums, and all aggregates where
// structured factors are not wanted, become a chain of tables with a partial result between each two.
#include <algorithm>
#include <map>

#include "emnesy/numbers.hpp"
#include "lowering.hpp"

namespace emnesy::graph {
namespace {

// A sum factor's messages have an entry a number; sums of few large numbers are better off with an entry a value.
bool dense(double range, std::size_t values) { return range <= std::max(8192.0, 4.0 * static_cast<double>(values)); }

// What a variable's values contribute.
struct Input {
  std::vector<std::uint8_t> fires;
  std::vector<double> number;
};

double combine(Aggregate kind, double a, double b) {
  return kind == Aggregate::Min ? std::min(a, b) : kind == Aggregate::Max ? std::max(a, b) : a + b;
}

}  // namespace

void Lowering::lower_fold(const NumberFold& fold) {
  std::map<std::int32_t, Input> inputs;
  for (const auto& part : fold.contributions) {
    for (const auto& [number, atom] : part) {
      const Event e = event(atom);
      Input& input = inputs[e.variable];
      const auto values = static_cast<std::size_t>(builder_.cardinality(e.variable));
      input.fires.resize(values, 0);
      input.number.resize(values, 0.0);
      for (std::size_t v = 0; v < values; ++v) {
        if (!e.holds(static_cast<std::int32_t>(v))) continue;
        input.number[v] = input.fires[v] ? combine(fold.kind, input.number[v], number) : number;
        input.fires[v] = 1;
      }
    }
  }
  const bool sums = fold.kind == Aggregate::Sum;
  bool always = false, positive = true;
  for (const auto& entry : inputs) {
    const Input& input = entry.second;
    always = always || std::find(input.fires.begin(), input.fires.end(), 0) == input.fires.end();
    for (std::size_t v = 0; v < input.fires.size(); ++v) positive = positive && (!input.fires[v] || input.number[v] > 0);
  }
  const auto count = static_cast<std::int32_t>(fold.result.size());
  const std::string name = name_of(fold.result.front().second);
  const auto position_of = [&](double value) {
    const auto found = std::lower_bound(fold.result.begin(), fold.result.end(), value,
                                        [](const auto& entry, double x) { return entry.first < x; });
    return static_cast<std::int32_t>(found - fold.result.begin());
  };
  double range = 0;
  for (const auto& entry : inputs) {
    const auto [least, most] = std::minmax_element(entry.second.number.begin(), entry.second.number.end());
    range += *most - *least;
  }
  std::int32_t result = -1;
  if (recognise() && (!sums || ((always || positive) && dense(range, fold.result.size())))) {
    Structured factor{sums ? FactorKind::Sum : fold.kind == Aggregate::Min ? FactorKind::Minimum : FactorKind::Maximum, {}, {}, {}, false};
    double offset = 0, greatest = 0;
    for (const auto& [variable, input] : inputs) {
      factor.scope.push_back(variable);
      factor.maps.emplace_back();
      const double least = sums ? *std::min_element(input.number.begin(), input.number.end()) : 0.0;
      for (std::size_t v = 0; v < input.fires.size(); ++v) {
        factor.maps.back().push_back(sums ? static_cast<std::int32_t>(input.number[v] - least)
                                          : input.fires[v] ? position_of(input.number[v]) : -1);
      }
      offset += least;
      greatest += *std::max_element(factor.maps.back().begin(), factor.maps.back().end());
    }
    result = builder_.add_variable(count + (always ? 0 : 1), name);
    factor.scope.push_back(result);
    factor.maps.emplace_back();
    for (std::int32_t k = 0; k < count; ++k) {
      const double sum = fold.result[static_cast<std::size_t>(k)].first - offset;
      factor.maps.back().push_back(!sums ? k : sum < 0 || sum > greatest || (sum == 0 && !always) ? -1 : static_cast<std::int32_t>(sum));
    }
    if (!always) factor.maps.back().push_back(sums ? 0 : -1);
    factor.parameter = {sums ? static_cast<std::int32_t>(greatest) : count};
    builder_.structured.push_back(std::move(factor));
  } else if (fold.result.size() > most_values) {
    throw NotLowerable(NotLowerable::Reason::Computed, {fold.source});
  } else {
    std::int32_t state = -1;  // the partial result; its last value: nothing so far
    for (const auto& [variable, input] : inputs) {
      const std::int32_t next = builder_.add_variable(count + 1, name);
      Table table;
      table.scope = state < 0 ? std::vector<std::int32_t>{variable, next} : std::vector<std::int32_t>{state, variable, next};
      for (std::int32_t s = state < 0 ? count : 0; s <= count; ++s) {
        for (std::int32_t v = 0; v < builder_.cardinality(variable); ++v) {
          const auto at = static_cast<std::size_t>(v);
          std::int32_t to = s;
          if (input.fires[at]) {
            const double number = input.number[at];
            to = position_of(s == count ? number : combine(fold.kind, fold.result[static_cast<std::size_t>(s)].first, number));
            // No world gets here: the values of one variable were taken for independent.
            if (to == count || fold.result[static_cast<std::size_t>(to)].first !=
                                   (s == count ? number : combine(fold.kind, fold.result[static_cast<std::size_t>(s)].first, number))) {
              continue;
            }
          }
          if (state >= 0) table.values.push_back(s);
          table.values.push_back(v);
          table.values.push_back(to);
        }
      }
      builder_.add_table(std::move(table));
      state = next;
    }
    result = state;
  }
  for (std::int32_t k = 0; k < count; ++k) event_[fold.result[static_cast<std::size_t>(k)].second] = {result, k, false};
}

}  // namespace emnesy::graph
