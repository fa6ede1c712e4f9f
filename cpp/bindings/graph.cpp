// FactorGraph: arrays in, read-only views out.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "emnesy/factor_graph.hpp"

namespace py = pybind11;

namespace {

using emnesy::FactorGraph;

// One array field: how it is read from a keyword argument, and shown as a property.
template <typename T>
struct Field {
  const char* name;
  std::vector<T> FactorGraph::*member;
};

template <typename T>
void read(const Field<T>& field, py::dict& arguments, FactorGraph& graph) {
  if (!arguments.contains(field.name)) return;
  const py::object given = arguments.attr("pop")(field.name);
  if (!py::isinstance<py::array_t<T>>(given) || py::array(given).ndim() != 1) {
    throw py::type_error(std::string(field.name) + " must be a one-dimensional array of " +
                         py::str(py::dtype::of<T>()).cast<std::string>());
  }
  const auto array = py::array_t<T, py::array::c_style | py::array::forcecast>(given);
  (graph.*field.member).assign(array.data(), array.data() + array.size());
}

template <typename Visit>
void for_each_field(const Visit& visit) {
  visit(Field<std::int32_t>{"cardinality", &FactorGraph::cardinality});
  visit(Field<std::uint8_t>{"choice_has_none", &FactorGraph::choice_has_none});
  visit(Field<std::int64_t>{"scope_begin", &FactorGraph::scope_begin});
  visit(Field<std::int32_t>{"scope", &FactorGraph::scope});
  visit(Field<std::int64_t>{"tuple_begin", &FactorGraph::tuple_begin});
  visit(Field<std::int64_t>{"tuple_value_begin", &FactorGraph::tuple_value_begin});
  visit(Field<std::int32_t>{"tuple_value", &FactorGraph::tuple_value});
  visit(Field<double>{"tuple_weight", &FactorGraph::tuple_weight});
  visit(Field<std::uint8_t>{"unit_weight", &FactorGraph::unit_weight});
  visit(Field<std::int32_t>{"slice_position", &FactorGraph::slice_position});
  visit(Field<std::int64_t>{"slice_offset", &FactorGraph::slice_offset});
  visit(Field<std::int32_t>{"slice_begin", &FactorGraph::slice_begin});
  visit(Field<std::int64_t>{"value_map_begin", &FactorGraph::value_map_begin});
  visit(Field<std::int32_t>{"value_map", &FactorGraph::value_map});
  visit(Field<std::int64_t>{"parameter_begin", &FactorGraph::parameter_begin});
  visit(Field<std::int32_t>{"parameter", &FactorGraph::parameter});
  visit(Field<std::uint8_t>{"gated", &FactorGraph::gated});
  visit(Field<std::int32_t>{"slot_variable", &FactorGraph::slot_variable});
  visit(Field<std::int32_t>{"slot_label_count", &FactorGraph::slot_label_count});
  visit(Field<std::int64_t>{"slot_mask_begin", &FactorGraph::slot_mask_begin});
  visit(Field<std::uint8_t>{"slot_mask", &FactorGraph::slot_mask});
  visit(Field<std::int32_t>{"fixed_variable", &FactorGraph::fixed_variable});
  visit(Field<std::int64_t>{"fixed_mask_begin", &FactorGraph::fixed_mask_begin});
  visit(Field<std::uint8_t>{"fixed_mask", &FactorGraph::fixed_mask});
  visit(Field<std::int32_t>{"query_variable", &FactorGraph::query_variable});
  visit(Field<std::int64_t>{"query_mask_begin", &FactorGraph::query_mask_begin});
  visit(Field<std::uint8_t>{"query_mask", &FactorGraph::query_mask});
}

// The kinds' names, in the order of FactorKind.
constexpr const char* kind_names[] = {"table",  "not_equal", "all_different", "equal", "disjunction",
                                      "clause", "sum",       "minimum",       "maximum"};

emnesy::FactorKind kind_of(const std::string& name) {
  for (std::size_t k = 0; k < std::size(kind_names); ++k) {
    if (name == kind_names[k]) return static_cast<emnesy::FactorKind>(k);
  }
  throw py::value_error("there is no factor kind '" + name + "'");
}

FactorGraph from_arrays(std::vector<std::string> names, std::int32_t choice_count, bool impossible,
                        std::int32_t gate_variable, const std::vector<std::string>& kinds, const py::kwargs& given) {
  FactorGraph graph;
  py::dict arguments(given);
  graph.variable_name = std::move(names);
  graph.choice_count = choice_count;
  graph.impossible = impossible;
  graph.gate_variable = gate_variable;
  for_each_field([&](const auto& field) { read(field, arguments, graph); });
  if (!arguments.empty()) {
    throw py::type_error("a factor graph has no array " + py::repr((*arguments.begin()).first).cast<std::string>());
  }
  if (kinds.empty()) {
    graph.factor_kind.assign(graph.scope_begin.size() - 1, emnesy::FactorKind::Table);
  } else {
    for (const std::string& name : kinds) graph.factor_kind.push_back(kind_of(name));
  }
  try {
    graph.verify();
  } catch (const std::logic_error& broken) {
    throw py::value_error(broken.what());
  }
  return graph;
}

}  // namespace

void bind_graph(py::module_& m) {
  py::class_<FactorGraph> graph(m, "FactorGraph");
  graph.def(py::init(&from_arrays), py::arg("variable_name"), py::kw_only(), py::arg("choice_count"),
            py::arg("impossible") = false, py::arg("gate_variable") = -1, py::arg("factor_kind") = std::vector<std::string>{});
  for_each_field([&](const auto& field) {
    const auto member = field.member;
    graph.def_property_readonly(field.name, [member](const py::object& self) {
      return emnesy::view_of(self.cast<const FactorGraph&>().*member, self);
    });
  });
  graph.def_readonly("variable_name", &FactorGraph::variable_name)
      .def_readonly("choice_count", &FactorGraph::choice_count)
      .def_readonly("impossible", &FactorGraph::impossible)
      .def_readonly("gate_variable", &FactorGraph::gate_variable)
      .def_property_readonly("factor_kind",
                             [](const FactorGraph& self) {
                               std::vector<std::string> names;
                               for (const auto kind : self.factor_kind) names.emplace_back(kind_names[static_cast<std::size_t>(kind)]);
                               return names;
                             })
      .def_property_readonly("variable_count", &FactorGraph::variable_count)
      .def_property_readonly("factor_count", &FactorGraph::factor_count)
      .def("verify", &FactorGraph::verify)
      .def("is_forest", &FactorGraph::is_forest)
      .def("dump", &FactorGraph::dump);
}
