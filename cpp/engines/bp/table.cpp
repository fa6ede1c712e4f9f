#include "bp/table.hpp"

#include <algorithm>
#include <numeric>

namespace emnesy::bp {
namespace {

struct Row {
  std::int32_t slice;
  std::int32_t source;  // row of the source
};

}  // namespace

bool Table::operator==(const Table& other) const {
  return leaf_count == other.leaf_count && interface_count == other.interface_count &&
         slice_group == other.slice_group && group_value == other.group_value &&
         tuple_value == other.tuple_value && group_tuple == other.group_tuple && tuple_weight == other.tuple_weight;
}

Table make_table(const TableSource& source) {
  Table table;
  table.leaf_count = source.leaf_count;
  table.interface_count = source.interface_count;
  table.tuple_count = source.arity == 0 ? static_cast<std::int32_t>(source.weights.size())
                                        : static_cast<std::int32_t>(source.tuples.size()) / source.arity;
  const auto at = [&](std::int32_t row, std::int32_t column) { return source.tuples[row * source.arity + column]; };

  std::vector<Row> rows(table.tuple_count);
  for (std::int32_t r = 0; r < table.tuple_count; ++r) {
    rows[r] = {source.slice_column < 0 ? 0 : at(r, source.slice_column), r};
  }
  const auto compare_interface = [&](const Row& a, const Row& b) {
    if (a.slice != b.slice) return a.slice < b.slice ? -1 : 1;
    for (std::int32_t k = source.interface_count - 1; k >= 0; --k) {
      const std::int32_t x = at(a.source, source.leaf_count + k), y = at(b.source, source.leaf_count + k);
      if (x != y) return x < y ? -1 : 1;
    }
    return 0;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) { return compare_interface(a, b) < 0; });

  const std::int32_t slices = std::max(source.slice_count, 1);
  table.slice_group.assign(slices + 1, 0);
  std::vector<std::int32_t> first_of_group;
  for (std::int32_t i = 0; i < table.tuple_count; ++i) {
    if (i > 0 && compare_interface(rows[i - 1], rows[i]) == 0) continue;
    first_of_group.push_back(rows[i].source);
    table.group_tuple.push_back(i);
    ++table.slice_group[rows[i].slice + 1];
  }
  table.group_tuple.push_back(table.tuple_count);
  std::partial_sum(table.slice_group.begin(), table.slice_group.end(), table.slice_group.begin());
  table.group_count = static_cast<std::int32_t>(first_of_group.size());

  for (std::int32_t k = 0; k < source.interface_count; ++k) {
    for (const std::int32_t row : first_of_group) table.group_value.push_back(at(row, source.leaf_count + k));
  }
  for (std::int32_t k = 0; k < source.leaf_count; ++k) {
    for (const Row& row : rows) table.tuple_value.push_back(at(row.source, k));
  }
  if (std::any_of(source.weights.begin(), source.weights.end(), [](double w) { return w != 1.0; })) {
    for (const Row& row : rows) table.tuple_weight.push_back(source.weights[row.source]);
  }
  return table;
}

}  // namespace emnesy::bp
