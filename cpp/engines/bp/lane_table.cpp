#include "bp/lane_table.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace emnesy::bp {

LaneTable make_lane_table(const Table& table, bool local) {
  LaneTable lanes;
  lanes.groups.leaf_count = table.leaf_count;
  lanes.groups.interface_count = table.interface_count;

  std::vector<std::int32_t> slice(table.group_count);
  for (std::int32_t s = 0; s < table.slice_count(); ++s) {
    for (std::int32_t g = table.slice_group[s]; g < table.slice_group[s + 1]; ++g) slice[g] = s;
  }
  // Groups by interface values, the last variable first, as in the table; equal ones stay in the order of slices.
  std::vector<std::int32_t> order(table.group_count);
  std::iota(order.begin(), order.end(), 0);
  const auto compare = [&](std::int32_t a, std::int32_t b) {
    for (std::int32_t k = table.interface_count - 1; k >= 0; --k) {
      const std::int64_t column = std::int64_t{k} * table.group_count;
      const std::int32_t x = table.group_value[column + a], y = table.group_value[column + b];
      if (x != y) return x < y ? -1 : 1;
    }
    return 0;
  };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return compare(a, b) < 0; });

  std::vector<std::int32_t> first_of_group, tuples;
  lanes.run_tuple.push_back(0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int32_t g = order[i];
    if (i == 0 || compare(order[i - 1], g) != 0) {
      first_of_group.push_back(g);
      lanes.group_run.push_back(lanes.run_count());
    }
    lanes.run_group.push_back(static_cast<std::int32_t>(first_of_group.size()) - 1);
    if (local) lanes.run_slice.push_back(slice[g]);
    for (std::int32_t t = table.group_tuple[g]; t < table.group_tuple[g + 1]; ++t) tuples.push_back(t);
    lanes.run_tuple.push_back(static_cast<std::int32_t>(tuples.size()));
  }
  lanes.group_run.push_back(lanes.run_count());
  lanes.groups.group_count = static_cast<std::int32_t>(first_of_group.size());
  lanes.groups.tuple_count = table.tuple_count;
  lanes.groups.slice_group = {0, lanes.groups.group_count};
  for (std::int32_t k = 0; k < table.interface_count; ++k) {
    for (const std::int32_t g : first_of_group) {
      lanes.groups.group_value.push_back(table.group_value[std::int64_t{k} * table.group_count + g]);
    }
  }
  const auto value = [&](std::int32_t k, std::int32_t t) { return table.tuple_value[std::int64_t{k} * table.tuple_count + t]; };
  for (const std::int32_t t : tuples) {
    for (std::int32_t k = 0; k < table.leaf_count; ++k) {
      lanes.tuple_value.push_back(lane_bytes * static_cast<std::uint32_t>(value(k, t)));
    }
  }
  if (!table.tuple_weight.empty()) {
    for (const std::int32_t t : tuples) lanes.tuple_weight.push_back(table.tuple_weight[t]);
  }
  if (table.leaf_count == 0) return lanes;

  struct Member {
    std::int32_t run, tuple;
  };
  std::map<std::vector<std::int32_t>, std::vector<Member>> cells;
  for (std::int32_t r = 0; r < lanes.run_count(); ++r) {
    for (std::int32_t t = lanes.run_tuple[r]; t < lanes.run_tuple[r + 1]; ++t) {
      std::vector<std::int32_t> values;
      for (std::int32_t k = 0; k < table.leaf_count; ++k) values.push_back(value(k, tuples[t]));
      cells[std::move(values)].push_back({r, t});
    }
  }
  lanes.cell_member.push_back(0);
  for (const auto& [values, members] : cells) {
    const std::int32_t c = lanes.cell_count();
    for (const std::int32_t v : values) lanes.cell_value.push_back(lane_bytes * static_cast<std::uint32_t>(v));
    while (static_cast<std::int32_t>(lanes.first_cell.size()) <= values[0]) lanes.first_cell.push_back(c);
    for (const Member& member : members) {
      lanes.member_run.push_back(lane_bytes * static_cast<std::uint32_t>(member.run));
      if (!lanes.tuple_weight.empty()) lanes.member_weight.push_back(lanes.tuple_weight[member.tuple]);
    }
    lanes.cell_member.push_back(static_cast<std::int32_t>(lanes.member_run.size()));
  }
  lanes.first_cell.push_back(lanes.cell_count());
  return lanes;
}

}  // namespace emnesy::bp
