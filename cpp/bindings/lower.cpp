// Functional dependencies, dependency order and lowering.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "bp/cluster.hpp"
#include "emnesy/components.hpp"
#include "emnesy/functional.hpp"
#include "emnesy/lower.hpp"
#include "bindings.hpp"

namespace py = pybind11;
using namespace emnesy;

namespace {

template <typename Class, typename T>
auto vector_view(std::vector<T> Class::*member) {
  return [member](const py::object& self) { return view_of(self.cast<const Class&>().*member, self); };
}

// A symbolic term as nested tuples (functor, arguments...), ("cell", id) and numbers; None for what is no number.
py::object symbolic_term(const GroundProgram& program, ValueId id) {
  const ValueTable& values = program.values;
  if (id >= values.size()) throw py::index_error("no such value");
  switch (values.kind(id)) {
    case ValueKind::Integer: return py::int_(values.as_integer(id));
    case ValueKind::Float: return py::float_(values.as_real(id));
    case ValueKind::Cell: return py::make_tuple("cell", values.as_integer(id));
    case ValueKind::Compound: break;
    default: return py::none();
  }
  py::list parts;
  parts.append(values.text(id));
  for (std::size_t i = 0; i < values.argument_count(id); ++i) parts.append(symbolic_term(program, values.argument(id, i)));
  return py::tuple(parts);
}

Lowered lower_arrays(const GroundProgram& program, const FunctionalDependencies& dependencies, const py::array_t<std::int64_t>& begin,
                     const py::array_t<std::int32_t>& atom, const py::array_t<std::uint8_t>& functional,
                     bool impossible, bool structured) {
  EvidenceSlots slots{copy_of(begin), copy_of(atom), copy_of(functional)};
  py::gil_scoped_release release;
  return lower(program, dependencies, slots, impossible, structured);
}

// The same for programs with computed numbers, and for every query beyond the program's own (source atom, cells, their values).
py::tuple lower_folds(const GroundProgram& program, const FunctionalDependencies& dependencies,
                      const py::array_t<std::int64_t>& begin, const py::array_t<std::int32_t>& atom,
                      const py::array_t<std::uint8_t>& functional, bool impossible, bool structured, std::int64_t cluster) {
  const EvidenceSlots slots{copy_of(begin), copy_of(atom), copy_of(functional)};
  const auto without_loops = [cluster](const FactorGraph& graph) { return bp::cluster_loops(graph, cluster).graph.is_forest(); };
  std::vector<NumberQuery> queries;
  Lowered lowered = [&] {
    py::gil_scoped_release release;
    const auto few = expand_numbers(program, dependencies, true);
    if (!few) return lower(program, dependencies, slots, impossible, structured, {}, without_loops);
    queries = few->queries;
    return lower(few->program, few->dependencies, slots, impossible, structured, few->folds, without_loops);
  }();
  py::list listed;
  for (const NumberQuery& query : queries) listed.append(py::make_tuple(query.source, query.cell, query.value));
  return py::make_tuple(std::make_unique<Lowered>(std::move(lowered)), listed);
}

Components components_of(const py::array_t<std::int64_t>& begin, const py::array_t<std::int32_t>& edge) {
  const auto edge_begin = copy_of(begin);
  const auto edges = copy_of(edge);
  py::gil_scoped_release release;
  return strongly_connected_components(edge_begin, edges);
}

}  // namespace

void bind_lower(py::module_& m) {
  py::class_<Components>(m, "Components")
      .def_property_readonly("component", vector_view(&Components::component))
      .def_property_readonly("begin", vector_view(&Components::begin))
      .def_property_readonly("node", vector_view(&Components::node))
      .def_property_readonly("level", vector_view(&Components::level))
      .def_property_readonly("cyclic", vector_view(&Components::cyclic));
  m.def("strongly_connected_components", &components_of, py::arg("edge_begin"), py::arg("edge"));

  py::class_<FunctionalDependencies>(m, "FunctionalDependencies")
      .def_property_readonly("atom_group", vector_view(&FunctionalDependencies::atom_group))
      .def_property_readonly("group_begin", vector_view(&FunctionalDependencies::group_begin))
      .def_property_readonly("group_atom", vector_view(&FunctionalDependencies::group_atom))
      .def_property_readonly("group_position", vector_view(&FunctionalDependencies::group_position))
      .def_property_readonly("value_position", vector_view(&FunctionalDependencies::value_position))
      .def_property_readonly("conflict_first", vector_view(&FunctionalDependencies::conflict_first))
      .def_property_readonly("conflict_second", vector_view(&FunctionalDependencies::conflict_second));
  m.def(
      "find_functional_dependencies",
      [](const GroundProgram& program, const std::vector<std::int32_t>& preferred) {
        py::gil_scoped_release release;
        return find_functional_dependencies(program, preferred);
      },
      py::arg("program"), py::arg("preferred_position"));

  py::class_<Lowered>(m, "Lowered")
      .def_readonly("graph", &Lowered::graph)
      .def_property_readonly("atom_variable", vector_view(&Lowered::atom_variable))
      .def_property_readonly("atom_value", vector_view(&Lowered::atom_value))
      .def_property_readonly("atom_negated", vector_view(&Lowered::atom_negated));
  m.attr("NO_VALUE") = GroundProgram::no_value;
  m.def("symbolic_term", &symbolic_term, py::arg("program"), py::arg("value"));
  m.def("lower", &lower_arrays, py::arg("program"), py::arg("dependencies"), py::arg("slot_begin"), py::arg("slot_atom"),
        py::arg("slot_functional"), py::arg("impossible"), py::arg("structured") = true);
  m.def("lower_folds", &lower_folds, py::arg("program"), py::arg("dependencies"), py::arg("slot_begin"),
        py::arg("slot_atom"), py::arg("slot_functional"), py::arg("impossible"), py::arg("structured") = true,
        py::arg("cluster") = 0);

  // Raised as NotLowerable(reason, atoms); the Python side turns it into a diagnostic.
  static PyObject* not_lowerable = nullptr;
  py::object type = py::exception<NotLowerable>(m, "NotLowerable");
  not_lowerable = type.ptr();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const NotLowerable& error) {
      const char* reason = error.reason == NotLowerable::Reason::Cycle ? "cycle" : "computed";
      PyErr_SetObject(not_lowerable, py::make_tuple(reason, py::cast(error.atoms)).ptr());
    }
  });
}
