// midikompanion_worker MODELS_DIR: how a plugin asks the networks without ever waiting for them.
//
// The audio thread only pushes to one queue and pops from another. A worker thread owns the networks. It wakes every
// few milliseconds by itself: to wake it, the audio thread would have to make a system call.
#include "midikompanion/models.hpp"
#include "midikompanion/queue.hpp"
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>

using namespace midikompanion;
using Clock = std::chrono::steady_clock;

namespace {

struct Question {
    std::uint32_t number;
    Emotion emotion;
    Input<Network::groove_predictor> activity; // how active each sixteenth is
};

struct Reply {
    std::uint32_t number; // of the question
    Answer from;          // of the melody
    Output<Network::melody_transformer> notes;
    Output<Network::groove_predictor> groove;
};

class Worker {
public:
    explicit Worker(Models loaded) : models_(std::move(loaded)), thread_([this] { work(); }) {}
    ~Worker()
    {
        stop_ = true;
        thread_.join();
    }

    // For the audio thread. False: the queue is full, or empty. Then the last reply still holds.
    bool ask(const Question& question) noexcept { return questions_.push(question); }
    bool hear(Reply& reply) noexcept { return replies_.pop(reply); }

private:
    void work()
    {
        while (!stop_) {
            Question question;
            bool asked = false;
            while (questions_.pop(question)) asked = true; // only the newest matters
            if (!asked) {
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
                continue;
            }
            Reply reply{question.number, Answer::not_loaded, {}, {}};
            reply.from = models_.run<Network::melody_transformer>(encode(question.emotion), reply.notes);
            models_.run<Network::groove_predictor>(question.activity, reply.groove);
            replies_.push(reply); // when it is full, nobody listens
        }
    }

    Models models_;
    Queue<Question, 16> questions_;
    Queue<Reply, 16> replies_;
    std::atomic<bool> stop_{false};
    std::thread thread_; // last, so that it starts when all else is there
};

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: midikompanion_worker MODELS_DIR\n");
        return 2;
    }
    Models loaded;
    if (!loaded.load(argv[1])) std::printf("%s\n", loaded.problem(Network::melody_transformer).c_str());
    Worker worker(std::move(loaded));

    // One second of audio callbacks: 64 samples at 48 kHz, an emotion that moves, a question every eighth block.
    constexpr int blocks = 750, blocks_a_question = 8;
    std::array<Clock::time_point, blocks> asked_at;
    int asked = 0, refused = 0, answered = 0;
    double longest_us = 0, slowest_ms = 0;
    Reply now{};
    auto next_block = Clock::now();
    for (int block = 0; block < blocks; ++block) {
        std::this_thread::sleep_until(next_block += std::chrono::microseconds(1333));

        const auto start = Clock::now(); // here the audio callback begins
        if (block % blocks_a_question == 0) {
            Question question{std::uint32_t(block), {}, {}};
            question.emotion.valence = 2.0 * block / blocks - 1;
            question.activity.fill(0.5f);
            asked_at[std::size_t(block)] = start;
            worker.ask(question) ? ++asked : ++refused;
        }
        while (worker.hear(now)) {
            ++answered;
            slowest_ms = std::max(slowest_ms, std::chrono::duration<double, std::milli>(start - asked_at[now.number]).count());
        }
        longest_us = std::max(longest_us, std::chrono::duration<double, std::micro>(Clock::now() - start).count()); // and ends
    }
    std::printf("%d questions, %d refused by a full queue, %d replies (%s)\n", asked, refused, answered, describe(now.from));
    std::printf("longest audio callback %.1f us, slowest reply %.1f ms\n", longest_us, slowest_ms);
    return answered == 0;
}
