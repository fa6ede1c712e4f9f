// Functional dependencies, dependency order and lowering.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "emnesy/components.hpp"
#include "emnesy/functional.hpp"
#include "emnesy/lower.hpp"
#include "register.hpp"

namespace emnesy::bindings {
namespace {

template <typename Class, typename T>
auto vector_view(std::vector<T> Class::*member) {
  return [member](const py::object& self) { return view(self.cast<const Class&>().*member, self); };
}

Lowered lower_arrays(const GroundProgram& program, const FunctionalDependencies& dependencies, const py::array& begin,
                     const py::array& atom, const py::array& functional) {
  EvidenceSlots slots{vector_of<std::int64_t>(begin, "slot_begin"), vector_of<std::int32_t>(atom, "slot_atom"),
                      vector_of<std::uint8_t>(functional, "slot_functional")};
  py::gil_scoped_release release;
  return lower(program, dependencies, slots);
}

Components components_of(const py::array& begin, const py::array& edge) {
  const auto edge_begin = vector_of<std::int64_t>(begin, "edge_begin");
  const auto edges = vector_of<std::int32_t>(edge, "edge");
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
  m.def("lower", &lower_arrays, py::arg("program"), py::arg("dependencies"), py::arg("slot_begin"), py::arg("slot_atom"),
        py::arg("slot_functional"));

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

}  // namespace emnesy::bindings
