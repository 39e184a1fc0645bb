#include "session.hpp"
#include "json.hpp"

#if MIDIKOMPANION_HAS_ONNX
#include <algorithm>
#include <cstdint>
#include <onnxruntime_c_api.h>
#include <vector>
#endif

namespace midikompanion {
namespace {

std::string problem(std::string_view found, std::string_view expected)
{
    constexpr std::size_t longest = 200; // what is found may be anything
    std::string text(found.substr(0, longest));
    if (found.size() > longest) text += "...";
    return text.append(": expected ").append(expected);
}

std::string tensor_problem(std::string_view side, std::string_view stated, const Tensor& tensor)
{
    const auto differs = [&](std::string_view what, std::string_view found, std::string_view expected) {
        return problem(std::string(side).append(1, ' ').append(what).append(1, ' ').append(found.empty() ? "none" : found), expected);
    };
    if (const auto name = json::member(stated, "name"); name != tensor.name) return differs("name", name, tensor.name);
    if (tensor.width == 0) {
        for (const char* key : {"min_samples", "max_sec"}) {
            const auto limit = json::member(stated, key);
            if (json::whole(limit) < 1 || json::whole(limit) > 1000000) return differs(key, limit, "a number from 1 to 1000000");
        }
        return {};
    }
    const auto width = json::member(stated, "width");
    if (json::whole(width) != tensor.width) return differs("width", width, std::to_string(tensor.width));
    std::size_t i = 0;
    for (json::Items slots(json::member(stated, "slots")); slots.next() && i < tensor.width; ++i)
        if (const auto name = json::unquoted(slots.value); name != tensor.slots[i]) return differs("slot " + std::to_string(i), name, tensor.slots[i]);
    return i == tensor.width ? std::string() : differs("slots", std::to_string(i), std::to_string(tensor.width));
}

} // namespace

std::string contract_problem(std::string_view contract, const Expected& expected)
{
    if (contract.empty()) return problem("metadata without a contract", "a file that export_to_onnx wrote");
    const auto differs = [&](const char* key, const char* right) {
        const auto found = json::member(contract, key);
        return found == right ? std::string() : problem(std::string(key).append(1, ' ').append(found.empty() ? "none" : found), right);
    };
    if (auto why = differs("contract_version", contract_version); !why.empty()) return why;
    if (auto why = differs("model", expected.model); !why.empty()) return why;
    if (auto why = tensor_problem("input", json::member(contract, "input"), expected.input); !why.empty()) return why;
    return tensor_problem("output", json::member(contract, "output"), expected.output);
}

#if MIDIKOMPANION_HAS_ONNX
namespace {

constexpr std::uint32_t api_version = 16; // ONNX Runtime 1.16, the oldest that the project supports
static_assert(ORT_API_VERSION >= api_version, "these headers of ONNX Runtime are too old");

const OrtApi* api() noexcept // null when the library is older than that
{
    static const OrtApi* const table = OrtGetApiBase()->GetApi(api_version);
    return table;
}

template <auto release>
struct Release {
    template <class T> void operator()(T* p) const noexcept { (api()->*release)(p); }
};
template <class T, auto release> using Owned = std::unique_ptr<T, Release<release>>;
using Env = Owned<OrtEnv, &OrtApi::ReleaseEnv>;
using Options = Owned<OrtSessionOptions, &OrtApi::ReleaseSessionOptions>;
using Opened = Owned<OrtSession, &OrtApi::ReleaseSession>;
using Metadata = Owned<OrtModelMetadata, &OrtApi::ReleaseModelMetadata>;
using TypeInfo = Owned<OrtTypeInfo, &OrtApi::ReleaseTypeInfo>;
using MemoryInfo = Owned<OrtMemoryInfo, &OrtApi::ReleaseMemoryInfo>;
using Value = Owned<OrtValue, &OrtApi::ReleaseValue>;
using Status = Owned<OrtStatus, &OrtApi::ReleaseStatus>;

// Lets a C function fill an owner: f(into(owner)).
template <class Owner>
class Into {
public:
    explicit Into(Owner& owner) noexcept : owner_(owner) {}
    ~Into() { owner_.reset(pointer_); }
    operator typename Owner::pointer*() noexcept { return &pointer_; }

private:
    Owner& owner_;
    typename Owner::pointer pointer_ = nullptr;
};
template <class Owner> Into<Owner> into(Owner& owner) noexcept { return Into<Owner>(owner); }

// What ONNX Runtime complains of, empty when it does not.
std::string complaint(OrtStatus* given)
{
    const Status status(given);
    if (!status) return {};
    const std::string_view text = api()->GetErrorMessage(status.get());
    return text.empty() ? "an error without a message" : std::string(text.substr(0, text.find_first_of("\r\n")));
}

// Text that ONNX Runtime allocated.
std::string taken(OrtAllocator* allocator, char* text)
{
    std::string copy = text ? text : "";
    if (text) allocator->Free(allocator, text);
    return copy;
}

std::string shape(std::string_view name, std::int64_t width)
{
    return std::string(name).append(" float [batch, ").append(width > 0 ? std::to_string(width) : "any").append(1, ']');
}

struct Signature { // how one side of the file is asked about
    const char* side;
    decltype(OrtApi::SessionGetInputCount) count;
    decltype(OrtApi::SessionGetInputName) name;
    decltype(OrtApi::SessionGetInputTypeInfo) type;
};

// What is wrong with the tensors of one side of the network, empty when nothing is.
std::string signature_problem(const OrtSession* session, OrtAllocator* allocator, const Signature& ask, const Tensor& tensor)
{
    const std::string wanted = shape(tensor.name, std::int64_t(tensor.width)), side = std::string(ask.side) + " ";
    std::size_t count = 0;
    if (auto why = complaint(ask.count(session, &count)); !why.empty()) return problem(side + why, wanted);
    if (count != 1) return problem(side + std::to_string(count) + " tensors", wanted);
    char* text = nullptr;
    TypeInfo type;
    if (auto why = complaint(ask.name(session, 0, allocator, &text)); !why.empty()) return problem(side + why, wanted);
    const std::string name = taken(allocator, text);
    if (auto why = complaint(ask.type(session, 0, into(type))); !why.empty()) return problem(side + why, wanted);

    const OrtTensorTypeAndShapeInfo* info = nullptr; // belongs to `type`
    auto element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    std::size_t rank = 0;
    std::int64_t sizes[2] = {0, 0}; // -1: any
    auto why = complaint(api()->CastTypeInfoToTensorInfo(type.get(), &info));
    if (!why.empty() || !info) return problem(side + name + " is no tensor", wanted);
    why = complaint(api()->GetTensorElementType(info, &element));
    if (why.empty()) why = complaint(api()->GetDimensionsCount(info, &rank));
    if (why.empty() && rank == 2) why = complaint(api()->GetDimensions(info, sizes, rank));
    if (!why.empty()) return problem(side + name + " " + why, wanted);
    if (element != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) return problem(side + name + " not of float", wanted);
    if (rank != 2) return problem(side + name + " of " + std::to_string(rank) + " dimensions", wanted);
    const bool fits = (sizes[0] == -1 || sizes[0] == 1) && (tensor.width ? sizes[1] == std::int64_t(tensor.width) : sizes[1] < 0);
    return name == tensor.name && fits ? std::string() : problem(side + shape(name, sizes[1]), wanted);
}

} // namespace

const bool Session::available = true;

struct Session::State {
    Env env;
    Opened session;
    MemoryInfo memory;
    Tensor input{}, output{};
    std::size_t least = 0, most = 0; // numbers of an input
    std::array<float, largest_width> asked{}, answered{}; // what the two values below lie over
    Value question, answer;

    OrtStatus* lay(Value& value, float* over, std::size_t count) const noexcept // a row of numbers, on memory of ours
    {
        const std::int64_t sizes[] = {1, std::int64_t(count)};
        return api()->CreateTensorWithDataAsOrtValue(memory.get(), over, count * sizeof(float), sizes, 2,
                                                     ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, into(value));
    }

    std::string open(const std::filesystem::path& file)
    {
        const OrtApi& ort = *api();
        Options options;
        std::string why = complaint(ort.CreateEnv(ORT_LOGGING_LEVEL_FATAL, "midikompanion", into(env))); // one for the process, counted
        if (why.empty()) why = complaint(ort.CreateSessionOptions(into(options)));
        if (why.empty()) why = complaint(ort.SetIntraOpNumThreads(options.get(), 1)); // small networks only wait for more
        if (why.empty()) why = complaint(ort.SetInterOpNumThreads(options.get(), 1));
        if (why.empty()) why = complaint(ort.CreateSession(env.get(), file.c_str(), options.get(), into(session)));
        return why.empty() ? why : problem(why, "an ONNX file that export_to_onnx wrote");
    }

    std::string check(const Expected& expected)
    {
        const OrtApi& ort = *api();
        OrtAllocator* allocator = nullptr; // the default one, not to be freed
        Metadata metadata;
        char* text = nullptr;
        std::string why = complaint(ort.GetAllocatorWithDefaultOptions(&allocator));
        if (why.empty()) why = complaint(ort.SessionGetModelMetadata(session.get(), into(metadata)));
        if (why.empty()) why = complaint(ort.ModelMetadataLookupCustomMetadataMap(metadata.get(), allocator, "contract", &text));
        if (!why.empty()) return problem(why, "metadata");
        const std::string contract = taken(allocator, text);
        why = contract_problem(contract, expected);
        if (why.empty()) why = signature_problem(session.get(), allocator, {"input", ort.SessionGetInputCount, ort.SessionGetInputName,
                                                                            ort.SessionGetInputTypeInfo}, expected.input);
        if (why.empty()) why = signature_problem(session.get(), allocator, {"output", ort.SessionGetOutputCount, ort.SessionGetOutputName,
                                                                            ort.SessionGetOutputTypeInfo}, expected.output);
        input = expected.input;
        output = expected.output;
        least = most = input.width;
        if (input.width == 0) {
            const auto stated = json::member(contract, "input");
            least = json::whole(json::member(stated, "min_samples"));
            most = json::whole(json::member(stated, "max_sec")) * std::size_t(sample_rate);
        }
        return why;
    }

    std::string prepare() // and run once
    {
        std::string why = complaint(api()->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, into(memory)));
        if (why.empty() && input.width) why = complaint(lay(question, asked.data(), input.width));
        if (why.empty()) why = complaint(lay(answer, answered.data(), output.width));
        if (why.empty()) {
            const std::vector<float> silence(least);
            why = complaint(run(silence.data(), least));
        }
        return why.empty() ? why : problem(why, "a network that runs");
    }

    OrtStatus* run(const float* numbers, std::size_t count) noexcept
    {
        Value sound; // over the caller's own samples, which are only read
        if (input.width) std::copy_n(numbers, count, asked.begin());
        else if (OrtStatus* failed = lay(sound, const_cast<float*>(numbers), count)) return failed;
        const OrtValue* given = input.width ? question.get() : sound.get();
        OrtValue* wanted = answer.get();
        return api()->Run(session.get(), nullptr, &input.name, &given, 1, &output.name, 1, &wanted);
    }
};

std::string Session::open(const std::filesystem::path& file, const Expected& expected)
{
    state_.reset();
    const auto utf8 = file.u8string();
    const std::string in_file = std::string(utf8.begin(), utf8.end()) + ": ";
    if (!api()) return in_file + problem(std::string("ONNX Runtime ") + OrtGetApiBase()->GetVersionString(), "1." + std::to_string(api_version) + " or newer");
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) return in_file + problem("no such file", std::string("the network ") + expected.model);
    auto state = std::make_unique<State>();
    std::string why = state->open(file);
    if (why.empty()) why = state->check(expected);
    if (why.empty()) why = state->prepare();
    if (!why.empty()) return in_file + why;
    state_ = std::move(state);
    return {};
}

bool Session::takes(std::size_t count) const noexcept { return state_ && count >= state_->least && count <= state_->most; }

bool Session::run(const float* input, std::size_t count, float* output) noexcept
{
    if (!takes(count)) return false;
    if (const Status failed(state_->run(input, count)); failed) return false;
    const auto begin = state_->answered.begin(), end = begin + std::ptrdiff_t(state_->output.width);
    if (!std::all_of(begin, end, [](float y) { return std::isfinite(y); })) return false;
    std::copy(begin, end, output);
    return true;
}

#else

const bool Session::available = false;
struct Session::State {};
std::string Session::open(const std::filesystem::path&, const Expected& expected)
{
    return std::string(expected.model) + ": built without ONNX Runtime: expected MIDIKOMPANION_HAS_ONNX to be on";
}
bool Session::takes(std::size_t) const noexcept { return false; }
bool Session::run(const float*, std::size_t, float*) noexcept { return false; }

#endif

Session::Session() = default;
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

} // namespace midikompanion
