#include "graph/blocks.hpp"

#include <algorithm>
#include <numeric>

#include "graph/pinned.hpp"

namespace emnesy {
namespace {

class BlockFinder {
 public:
  BlockFinder(const FactorGraph& graph, const std::vector<std::uint8_t>& skip)
      : variables_(graph.variable_count()), begin_(variables_ + graph.factor_count() + 1, 0), number_(begin_.size() - 1, 0),
        low_(number_.size(), 0) {
    const std::vector<std::int32_t> pinned = pinned_values(graph);
    const auto for_each_edge = [&](const auto& visit) {
      for (std::size_t f = 0; f < graph.factor_count(); ++f) {
        if (skip[f]) continue;
        for (std::int64_t i = graph.scope_begin[f]; i < graph.scope_begin[f + 1]; ++i) {
          if (pinned[graph.scope[i]] < 0) visit(graph.scope[i], static_cast<std::int32_t>(variables_ + f));
        }
      }
    };
    for_each_edge([&](std::int32_t v, std::int32_t f) { ++begin_[v + 1], ++begin_[f + 1]; });
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
    neighbour_.resize(begin_.back());
    std::vector<std::int64_t> next(begin_.begin(), begin_.end() - 1);
    for_each_edge([&](std::int32_t v, std::int32_t f) {
      neighbour_[next[v]++] = f;
      neighbour_[next[f]++] = v;
    });
  }

  std::vector<std::vector<std::int32_t>> run() {
    for (std::size_t v = 0; v < variables_; ++v) {
      if (number_[v] == 0) search(static_cast<std::int32_t>(v));
    }
    return std::move(blocks_);
  }

 private:
  struct Frame {
    std::int32_t node, parent;
    std::int64_t next;     // in neighbour_
    std::size_t edges;     // on the stack below the one that led here
  };

  void search(std::int32_t root) {
    enter(root, -1);
    while (!path_.empty()) {
      Frame& frame = path_.back();
      const std::int32_t node = frame.node;
      if (frame.next == begin_[node + 1]) {
        leave();
        continue;
      }
      const std::int32_t other = neighbour_[frame.next++];
      if (other == frame.parent) continue;
      if (number_[other] == 0) {
        enter(other, node);
      } else if (number_[other] < number_[node]) {
        edges_.push_back(factor_of(node, other));
        low_[node] = std::min(low_[node], number_[other]);
      }
    }
  }

  std::int32_t factor_of(std::int32_t a, std::int32_t b) const {
    return std::max(a, b) - static_cast<std::int32_t>(variables_);
  }

  void enter(std::int32_t node, std::int32_t parent) {
    path_.push_back({node, parent, begin_[node], edges_.size()});
    if (parent >= 0) edges_.push_back(factor_of(node, parent));
    number_[node] = low_[node] = ++count_;
  }

  void leave() {
    const Frame frame = path_.back();
    path_.pop_back();
    if (frame.parent < 0) return;
    low_[frame.parent] = std::min(low_[frame.parent], low_[frame.node]);
    if (low_[frame.node] < number_[frame.parent]) return;
    const auto first = edges_.begin() + static_cast<std::ptrdiff_t>(frame.edges);
    if (edges_.end() - first > 1) {
      std::vector<std::int32_t> factors(first, edges_.end());
      std::sort(factors.begin(), factors.end());
      factors.erase(std::unique(factors.begin(), factors.end()), factors.end());
      blocks_.push_back(std::move(factors));
    }
    edges_.erase(first, edges_.end());
  }

  const std::size_t variables_;
  std::vector<std::int64_t> begin_;  // per node: variables, then factors
  std::vector<std::int32_t> neighbour_;
  std::vector<std::int32_t> number_, low_;
  std::int32_t count_ = 0;
  std::vector<Frame> path_;
  std::vector<std::int32_t> edges_;  // of the blocks that are not finished: their factors
  std::vector<std::vector<std::int32_t>> blocks_;
};

}  // namespace

std::vector<std::vector<std::int32_t>> loopy_blocks(const FactorGraph& graph, const std::vector<std::uint8_t>& skip) {
  return BlockFinder(graph, skip).run();
}

}  // namespace emnesy
