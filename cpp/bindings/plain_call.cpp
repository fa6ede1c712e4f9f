// PlainCall: from the tensors of a call to its answer, where nothing needs a second look and two passes are exact.
//
// Of a call on a hundred examples one thread's work can be shared out, and what Python does before and after cannot. So reading
// the tensors, both passes and shaping the answer are one step, without the matrices that engines hand each other.
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "bp.hpp"
#include "tensors.hpp"

using namespace emnesy;

namespace {

class PlainCall {
 public:
  PlainCall(py::object reader, py::object engine, py::object report, py::object wrap, int most_threads)
      : reader_owner_(std::move(reader)), engine_owner_(std::move(engine)), report_(std::move(report)), wrap_(std::move(wrap)),
        most_threads_(most_threads), reader_(reader_owner_.cast<const TensorReader&>()), engine_(engine_owner_.cast<const BeliefPropagation&>()) {
    const auto& sizes = engine_.layout().block_size;
    bool fits = engine_.exact() && sizes.size() == reader_.priors().size() + 1 &&
                static_cast<std::size_t>(reader_.slots()) == engine_.graph().slot_variable.size();
    for (std::size_t b = 0; fits && b + 1 < sizes.size(); ++b) fits = sizes[b] == reader_.priors()[b].size;
    if (!fits) throw py::value_error("this engine does not answer plain calls on these tensors");
  }

  // (marginals by predicate, log-evidence, possible, report, posterior of the last block); None: look closer.
  py::object answer(const py::object& priors, const py::object& evidence, const py::tuple& fixed, const py::object& threads,
                    const py::object& seed) {
    Options options;  // the seed is not needed, but must be one
    if (!whole(seed, 0, PY_SSIZE_T_MAX)) return py::none();
    const auto several = whole(threads, 1, most_threads_);
    if (!several) return py::none();
    options.threads = static_cast<int>(*several);
    options.check_priors = true;
    TensorReader::Tensors found;
    std::unique_ptr<std::int32_t[]> labels;
    const auto new_table = [&](py::ssize_t batch) {
      labels.reset(new std::int32_t[batch * reader_.slots()]);
      return labels.get();
    };
    if (!reader_.read(priors, evidence, found, new_table)) return py::none();
    return found.single ? run<float>(found, fixed[0], labels.get(), options) : run<double>(found, fixed[1], labels.get(), options);
  }

 private:
  static std::optional<py::ssize_t> whole(const py::object& number, py::ssize_t least, py::ssize_t most) {
    if (!PyLong_CheckExact(number.ptr())) return std::nullopt;
    const py::ssize_t value = PyLong_AsSsize_t(number.ptr());
    if (value == -1 && PyErr_Occurred()) PyErr_Clear();
    if (value < least || value > most) return std::nullopt;
    return value;
  }

  template <typename Real>
  py::object run(const TensorReader::Tensors& found, const py::object& fixed, const std::int32_t* labels, const Options& options) {
    const py::ssize_t batch = found.batch, own = engine_.layout().block_size.back();
    if (!py::isinstance<py::array_t<Real, py::array::c_style>>(fixed) || py::reinterpret_borrow<py::array>(fixed).size() != own) {
      throw py::type_error("fixed: expected a row of the program's own probabilities in float32, and one in float64");
    }
    std::vector<PriorBlock<Real>> in;
    std::vector<PosteriorBlock<Real>> out;
    std::vector<py::array_t<Real>> marginals;
    std::vector<std::int64_t> shape;
    const std::size_t predicates = found.priors.size();
    in.reserve(predicates + 1);
    out.reserve(predicates + 1);
    marginals.reserve(predicates + 1);
    for (std::size_t p = 0; p < predicates; ++p) {
      const TensorReader::Tensor& tensor = reader_.priors()[p];
      shape.assign(1, batch);
      shape.insert(shape.end(), tensor.shape.begin(), tensor.shape.end());
      marginals.push_back(new_array<Real>(shape.data(), shape.size()));
      in.push_back({static_cast<const Real*>(found.priors[p].data()), batch == 1 ? 0 : tensor.size});
      out.push_back({marginals.back().mutable_data(), tensor.size});
    }
    marginals.push_back(new_array<Real>({batch, own}));
    in.push_back({static_cast<const Real*>(py::reinterpret_borrow<py::array>(fixed).data()), 0});
    out.push_back({marginals.back().mutable_data(), own});
    auto log_evidence = new_array<Real>({batch});
    auto possible = new_array<bool>({batch});
    ExampleResults<Real> results;
    results.log_evidence = log_evidence.mutable_data();
    results.possible = reinterpret_cast<std::uint8_t*>(possible.mutable_data());
    try {
      const py::gil_scoped_release released;
      engine_.run<Real>(in, batch, {labels, reader_.slots()}, options, out, results);
    } catch (const InvalidPriors&) {
      return py::none();  // which one, is for others to find out
    }
    py::dict named;
    for (std::size_t p = 0; p < predicates; ++p) {
      if (PyDict_SetItem(named.ptr(), reader_.priors()[p].name.ptr(), like(found, p, marginals[p]).ptr()) < 0) throw py::error_already_set();
    }
    return py::make_tuple(std::move(named), like(found, 0, log_evidence), like(found, 0, possible), report<Real>(batch),
                          std::move(marginals.back()));
  }

  // In the library of a prior.
  py::object like(const TensorReader::Tensors& found, std::size_t prior, const py::array& array) const {
    if (prior >= found.viewed.size() || !found.viewed[prior]) return array;
    return wrap_(array);
  }

  // Two passes report the same of every call on as many examples, so one report is kept.
  template <typename Real>
  py::object report(py::ssize_t batch) {
    constexpr char type = std::is_same_v<Real, float> ? 'f' : 'd';
    if (!last_ || last_batch_ != batch || last_type_ != type) {
      last_ = report_(batch, py::str(&type, 1));
      last_batch_ = batch;
      last_type_ = type;
    }
    return last_;
  }

  const py::object reader_owner_, engine_owner_, report_, wrap_;
  const int most_threads_;
  const TensorReader& reader_;
  const BeliefPropagation& engine_;
  py::object last_;
  py::ssize_t last_batch_ = -1;
  char last_type_ = 0;
};

}  // namespace

void bind_plain_call(py::module_& m) {
  py::class_<PlainCall>(m, "PlainCall")
      .def(py::init<py::object, py::object, py::object, py::object, int>(), py::arg("reader"), py::arg("engine"), py::arg("report"),
           py::arg("wrap"), py::arg("most_threads"))
      .def("answer", &PlainCall::answer, py::arg("priors"), py::arg("evidence"), py::arg("fixed"), py::arg("threads"), py::arg("seed"));
}
