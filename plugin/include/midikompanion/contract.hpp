// Made from nbs/api/01_contract.ipynb by `make prepare`: edit the notebook.
#pragma once
#include <array>
#include <cmath>
#include <cstddef>

namespace midikompanion {

inline constexpr const char* contract_version = "1.0"; // a file that states another one is refused
inline constexpr int sample_rate = 22050;                // of sound that is measured, Hz
inline constexpr std::size_t largest_width = 128;

struct Range { std::size_t count; float low, high; };      // so many slots in a row have this range
struct Vector {
    const char* name;          // of the tensor
    std::size_t width;
    const char* const* slots;  // one name a slot
    const Range* ranges;
    std::size_t range_count;
    const char* unit;
};

// statistics over a clip: timbre, key-relative chroma, chord qualities, brightness, loudness, onsets, tempo
inline constexpr std::array<const char*, 128> audio_features_slots{{
    "mel_mean_db_00", "mel_mean_db_01", "mel_mean_db_02", "mel_mean_db_03", "mel_mean_db_04", "mel_mean_db_05", "mel_mean_db_06", "mel_mean_db_07",
    "mel_mean_db_08", "mel_mean_db_09", "mel_mean_db_10", "mel_mean_db_11", "mel_mean_db_12", "mel_mean_db_13", "mel_mean_db_14", "mel_mean_db_15",
    "mel_sd_db_00", "mel_sd_db_01", "mel_sd_db_02", "mel_sd_db_03", "mel_sd_db_04", "mel_sd_db_05", "mel_sd_db_06", "mel_sd_db_07",
    "mel_sd_db_08", "mel_sd_db_09", "mel_sd_db_10", "mel_sd_db_11", "mel_sd_db_12", "mel_sd_db_13", "mel_sd_db_14", "mel_sd_db_15",
    "mfcc_mean_00", "mfcc_mean_01", "mfcc_mean_02", "mfcc_mean_03", "mfcc_mean_04", "mfcc_mean_05", "mfcc_mean_06", "mfcc_mean_07",
    "mfcc_mean_08", "mfcc_mean_09", "mfcc_mean_10", "mfcc_mean_11", "mfcc_mean_12", "mfcc_sd_00", "mfcc_sd_01", "mfcc_sd_02",
    "mfcc_sd_03", "mfcc_sd_04", "mfcc_sd_05", "mfcc_sd_06", "mfcc_sd_07", "mfcc_sd_08", "mfcc_sd_09", "mfcc_sd_10",
    "mfcc_sd_11", "mfcc_sd_12", "mfcc_change_00", "mfcc_change_01", "mfcc_change_02", "mfcc_change_03", "mfcc_change_04", "chroma_1",
    "chroma_b2", "chroma_2", "chroma_b3", "chroma_3", "chroma_4", "chroma_b5", "chroma_5", "chroma_b6",
    "chroma_6", "chroma_b7", "chroma_7", "major_fit", "minor_fit", "majorness", "key_clarity", "chroma_entropy",
    "tonal_change", "major_chord_fit", "minor_chord_fit", "diminished_chord_fit", "augmented_chord_fit", "suspended_chord_fit", "seventh_chord_fit", "major_seventh_chord_fit",
    "minor_seventh_chord_fit", "major_chord_sd", "minor_chord_sd", "diminished_chord_sd", "augmented_chord_sd", "suspended_chord_sd", "seventh_chord_sd", "major_seventh_chord_sd",
    "minor_seventh_chord_sd", "pitch_mean_midi", "pitch_sd_semitones", "partials_mean", "centroid_mean_hz", "centroid_sd_hz", "rolloff_mean_hz", "rolloff_sd_hz",
    "bandwidth_mean_hz", "bandwidth_sd_hz", "flatness_mean", "flatness_sd", "zero_crossing_mean", "zero_crossing_sd", "rms_mean_db", "rms_sd_db",
    "rms_p10_db", "rms_p50_db", "rms_p90_db", "rms_range_db", "quiet_share", "crest_db", "onset_mean_db", "onset_sd_db",
    "onset_p90_db", "onset_max_db", "events_per_sec", "ioi_median_sec", "ioi_sd_sec", "tempo_bpm", "pulse_clarity", "tempogram_entropy"}};
inline constexpr std::array<Range, 1> audio_features_ranges{{{128, -INFINITY, INFINITY}}};
inline constexpr Vector audio_features{"audio_features", 128, audio_features_slots.data(), audio_features_ranges.data(), 1, "raw"};

// emotion as a population code: 16 Gaussian bumps for each of valence, arousal, dominance, intensity
inline constexpr std::array<const char*, 64> embedding_slots{{
    "valence_00", "valence_01", "valence_02", "valence_03", "valence_04", "valence_05", "valence_06", "valence_07",
    "valence_08", "valence_09", "valence_10", "valence_11", "valence_12", "valence_13", "valence_14", "valence_15",
    "arousal_00", "arousal_01", "arousal_02", "arousal_03", "arousal_04", "arousal_05", "arousal_06", "arousal_07",
    "arousal_08", "arousal_09", "arousal_10", "arousal_11", "arousal_12", "arousal_13", "arousal_14", "arousal_15",
    "dominance_00", "dominance_01", "dominance_02", "dominance_03", "dominance_04", "dominance_05", "dominance_06", "dominance_07",
    "dominance_08", "dominance_09", "dominance_10", "dominance_11", "dominance_12", "dominance_13", "dominance_14", "dominance_15",
    "intensity_00", "intensity_01", "intensity_02", "intensity_03", "intensity_04", "intensity_05", "intensity_06", "intensity_07",
    "intensity_08", "intensity_09", "intensity_10", "intensity_11", "intensity_12", "intensity_13", "intensity_14", "intensity_15"}};
inline constexpr std::array<Range, 1> embedding_ranges{{{64, -1.0f, 1.0f}}};
inline constexpr Vector embedding{"embedding", 64, embedding_slots.data(), embedding_ranges.data(), 1, "code"};

// probability that the melody sounds this MIDI pitch within 4 bars, tonic moved to C, middle octave from 60
inline constexpr std::array<const char*, 128> notes_slots{{
    "pitch_00", "pitch_01", "pitch_02", "pitch_03", "pitch_04", "pitch_05", "pitch_06", "pitch_07",
    "pitch_08", "pitch_09", "pitch_10", "pitch_11", "pitch_12", "pitch_13", "pitch_14", "pitch_15",
    "pitch_16", "pitch_17", "pitch_18", "pitch_19", "pitch_20", "pitch_21", "pitch_22", "pitch_23",
    "pitch_24", "pitch_25", "pitch_26", "pitch_27", "pitch_28", "pitch_29", "pitch_30", "pitch_31",
    "pitch_32", "pitch_33", "pitch_34", "pitch_35", "pitch_36", "pitch_37", "pitch_38", "pitch_39",
    "pitch_40", "pitch_41", "pitch_42", "pitch_43", "pitch_44", "pitch_45", "pitch_46", "pitch_47",
    "pitch_48", "pitch_49", "pitch_50", "pitch_51", "pitch_52", "pitch_53", "pitch_54", "pitch_55",
    "pitch_56", "pitch_57", "pitch_58", "pitch_59", "pitch_60", "pitch_61", "pitch_62", "pitch_63",
    "pitch_64", "pitch_65", "pitch_66", "pitch_67", "pitch_68", "pitch_69", "pitch_70", "pitch_71",
    "pitch_72", "pitch_73", "pitch_74", "pitch_75", "pitch_76", "pitch_77", "pitch_78", "pitch_79",
    "pitch_80", "pitch_81", "pitch_82", "pitch_83", "pitch_84", "pitch_85", "pitch_86", "pitch_87",
    "pitch_88", "pitch_89", "pitch_90", "pitch_91", "pitch_92", "pitch_93", "pitch_94", "pitch_95",
    "pitch_96", "pitch_97", "pitch_98", "pitch_99", "pitch_100", "pitch_101", "pitch_102", "pitch_103",
    "pitch_104", "pitch_105", "pitch_106", "pitch_107", "pitch_108", "pitch_109", "pitch_110", "pitch_111",
    "pitch_112", "pitch_113", "pitch_114", "pitch_115", "pitch_116", "pitch_117", "pitch_118", "pitch_119",
    "pitch_120", "pitch_121", "pitch_122", "pitch_123", "pitch_124", "pitch_125", "pitch_126", "pitch_127"}};
inline constexpr std::array<Range, 1> notes_ranges{{{128, 0.0f, 1.0f}}};
inline constexpr Vector notes{"notes", 128, notes_slots.data(), notes_ranges.data(), 1, "probability"};

// 64 emotion code, 12 melody pitch classes of the bar to harmonise (share of its duration), 25 previous chord and 25 the chord before it (the slot of the chord itself is 0.5 to 1, by its quality; the other slots of previous hold 0.4 x the share of each chord that came next at earlier places like this one in the piece, those of before the same x colour; 0 when nothing is known of the piece: see targets.harmony_states), mode (1 major, -1 minor, 0 unknown), position in the phrase (-1 first bar, 1 last)
inline constexpr std::array<const char*, 128> context_slots{{
    "valence_00", "valence_01", "valence_02", "valence_03", "valence_04", "valence_05", "valence_06", "valence_07",
    "valence_08", "valence_09", "valence_10", "valence_11", "valence_12", "valence_13", "valence_14", "valence_15",
    "arousal_00", "arousal_01", "arousal_02", "arousal_03", "arousal_04", "arousal_05", "arousal_06", "arousal_07",
    "arousal_08", "arousal_09", "arousal_10", "arousal_11", "arousal_12", "arousal_13", "arousal_14", "arousal_15",
    "dominance_00", "dominance_01", "dominance_02", "dominance_03", "dominance_04", "dominance_05", "dominance_06", "dominance_07",
    "dominance_08", "dominance_09", "dominance_10", "dominance_11", "dominance_12", "dominance_13", "dominance_14", "dominance_15",
    "intensity_00", "intensity_01", "intensity_02", "intensity_03", "intensity_04", "intensity_05", "intensity_06", "intensity_07",
    "intensity_08", "intensity_09", "intensity_10", "intensity_11", "intensity_12", "intensity_13", "intensity_14", "intensity_15",
    "melody_1", "melody_b2", "melody_2", "melody_b3", "melody_3", "melody_4", "melody_b5", "melody_5",
    "melody_b6", "melody_6", "melody_b7", "melody_7", "previous_C:maj", "previous_C:min", "previous_C#:maj", "previous_C#:min",
    "previous_D:maj", "previous_D:min", "previous_D#:maj", "previous_D#:min", "previous_E:maj", "previous_E:min", "previous_F:maj", "previous_F:min",
    "previous_F#:maj", "previous_F#:min", "previous_G:maj", "previous_G:min", "previous_G#:maj", "previous_G#:min", "previous_A:maj", "previous_A:min",
    "previous_A#:maj", "previous_A#:min", "previous_B:maj", "previous_B:min", "previous_none", "before_C:maj", "before_C:min", "before_C#:maj",
    "before_C#:min", "before_D:maj", "before_D:min", "before_D#:maj", "before_D#:min", "before_E:maj", "before_E:min", "before_F:maj",
    "before_F:min", "before_F#:maj", "before_F#:min", "before_G:maj", "before_G:min", "before_G#:maj", "before_G#:min", "before_A:maj",
    "before_A:min", "before_A#:maj", "before_A#:min", "before_B:maj", "before_B:min", "before_none", "mode", "position"}};
inline constexpr std::array<Range, 1> context_ranges{{{128, -1.0f, 1.0f}}};
inline constexpr Vector context{"context", 128, context_slots.data(), context_ranges.data(), 1, "mixed"};

// next chord, root relative to a tonic of C; sums to 1
inline constexpr std::array<const char*, 64> chords_slots{{
    "C:maj", "C:min", "C:sus", "C:min7", "C:maj7", "C#:maj", "C#:min", "C#:sus",
    "C#:min7", "C#:maj7", "D:maj", "D:min", "D:sus", "D:min7", "D:maj7", "D#:maj",
    "D#:min", "D#:sus", "D#:min7", "D#:maj7", "E:maj", "E:min", "E:sus", "E:min7",
    "E:maj7", "F:maj", "F:min", "F:sus", "F:min7", "F:maj7", "F#:maj", "F#:min",
    "F#:sus", "F#:min7", "F#:maj7", "G:maj", "G:min", "G:sus", "G:min7", "G:maj7",
    "G#:maj", "G#:min", "G#:sus", "G#:min7", "G#:maj7", "A:maj", "A:min", "A:sus",
    "A:min7", "A:maj7", "A#:maj", "A#:min", "A#:sus", "A#:min7", "A#:maj7", "B:maj",
    "B:min", "B:sus", "B:min7", "B:maj7", "N", "G:7", "B:dim", "G:7sus4"}};
inline constexpr std::array<Range, 1> chords_ranges{{{64, 0.0f, 1.0f}}};
inline constexpr Vector chords{"chords", 64, chords_slots.data(), chords_ranges.data(), 1, "probability"};

// intensity contour: 4 bars of 4/4 in eighths
inline constexpr std::array<const char*, 32> intensity_slots{{
    "bar1_eighth1", "bar1_eighth2", "bar1_eighth3", "bar1_eighth4", "bar1_eighth5", "bar1_eighth6", "bar1_eighth7", "bar1_eighth8",
    "bar2_eighth1", "bar2_eighth2", "bar2_eighth3", "bar2_eighth4", "bar2_eighth5", "bar2_eighth6", "bar2_eighth7", "bar2_eighth8",
    "bar3_eighth1", "bar3_eighth2", "bar3_eighth3", "bar3_eighth4", "bar3_eighth5", "bar3_eighth6", "bar3_eighth7", "bar3_eighth8",
    "bar4_eighth1", "bar4_eighth2", "bar4_eighth3", "bar4_eighth4", "bar4_eighth5", "bar4_eighth6", "bar4_eighth7", "bar4_eighth8"}};
inline constexpr std::array<Range, 1> intensity_ranges{{{32, 0.0f, 1.0f}}};
inline constexpr Vector intensity{"intensity", 32, intensity_slots.data(), intensity_ranges.data(), 1, "level"};

// for each of 4 bars: velocity, accent (contrast of strong and weak beats), articulation (1 = legato), swell (slope within the bar, 0.5 = flat)
inline constexpr std::array<const char*, 16> expression_slots{{
    "bar1_velocity", "bar1_accent", "bar1_articulation", "bar1_swell", "bar2_velocity", "bar2_accent", "bar2_articulation", "bar2_swell",
    "bar3_velocity", "bar3_accent", "bar3_articulation", "bar3_swell", "bar4_velocity", "bar4_accent", "bar4_articulation", "bar4_swell"}};
inline constexpr std::array<Range, 1> expression_ranges{{{16, 0.0f, 1.0f}}};
inline constexpr Vector expression{"expression", 16, expression_slots.data(), expression_ranges.data(), 1, "level"};

// arousal contour: 4 bars of 4/4 in sixteenths, how active each sixteenth is
inline constexpr std::array<const char*, 64> arousal_slots{{
    "bar1_sixteenth1", "bar1_sixteenth2", "bar1_sixteenth3", "bar1_sixteenth4", "bar1_sixteenth5", "bar1_sixteenth6", "bar1_sixteenth7", "bar1_sixteenth8",
    "bar1_sixteenth9", "bar1_sixteenth10", "bar1_sixteenth11", "bar1_sixteenth12", "bar1_sixteenth13", "bar1_sixteenth14", "bar1_sixteenth15", "bar1_sixteenth16",
    "bar2_sixteenth1", "bar2_sixteenth2", "bar2_sixteenth3", "bar2_sixteenth4", "bar2_sixteenth5", "bar2_sixteenth6", "bar2_sixteenth7", "bar2_sixteenth8",
    "bar2_sixteenth9", "bar2_sixteenth10", "bar2_sixteenth11", "bar2_sixteenth12", "bar2_sixteenth13", "bar2_sixteenth14", "bar2_sixteenth15", "bar2_sixteenth16",
    "bar3_sixteenth1", "bar3_sixteenth2", "bar3_sixteenth3", "bar3_sixteenth4", "bar3_sixteenth5", "bar3_sixteenth6", "bar3_sixteenth7", "bar3_sixteenth8",
    "bar3_sixteenth9", "bar3_sixteenth10", "bar3_sixteenth11", "bar3_sixteenth12", "bar3_sixteenth13", "bar3_sixteenth14", "bar3_sixteenth15", "bar3_sixteenth16",
    "bar4_sixteenth1", "bar4_sixteenth2", "bar4_sixteenth3", "bar4_sixteenth4", "bar4_sixteenth5", "bar4_sixteenth6", "bar4_sixteenth7", "bar4_sixteenth8",
    "bar4_sixteenth9", "bar4_sixteenth10", "bar4_sixteenth11", "bar4_sixteenth12", "bar4_sixteenth13", "bar4_sixteenth14", "bar4_sixteenth15", "bar4_sixteenth16"}};
inline constexpr std::array<Range, 1> arousal_ranges{{{64, 0.0f, 1.0f}}};
inline constexpr Vector arousal{"arousal", 64, arousal_slots.data(), arousal_ranges.data(), 1, "level"};

// for each sixteenth of the first bar of the window: timing offset in sixteenths (early is negative, in [-0.5, 0.5]), then accent (velocity less the usual one of the drum, for other notes less the mean of the bar; 64 steps are 1; in [-1, 1])
inline constexpr std::array<const char*, 32> groove_slots{{
    "offset_1", "offset_2", "offset_3", "offset_4", "offset_5", "offset_6", "offset_7", "offset_8",
    "offset_9", "offset_10", "offset_11", "offset_12", "offset_13", "offset_14", "offset_15", "offset_16",
    "accent_1", "accent_2", "accent_3", "accent_4", "accent_5", "accent_6", "accent_7", "accent_8",
    "accent_9", "accent_10", "accent_11", "accent_12", "accent_13", "accent_14", "accent_15", "accent_16"}};
inline constexpr std::array<Range, 2> groove_ranges{{{16, -0.5f, 0.5f}, {16, -1.0f, 1.0f}}};
inline constexpr Vector groove{"groove", 32, groove_slots.data(), groove_ranges.data(), 2, "mixed"};

struct Model { const char* name; const char* file; const Vector* input; const Vector* output; };
inline constexpr std::array<Model, 5> models{{
    {"emotion_recognizer", "emotion_recognizer.onnx", &audio_features, &embedding},
    {"melody_transformer", "melody_transformer.onnx", &embedding, &notes},
    {"harmony_predictor", "harmony_predictor.onnx", &context, &chords},
    {"dynamics_engine", "dynamics_engine.onnx", &intensity, &expression},
    {"groove_predictor", "groove_predictor.onnx", &arousal, &groove}}};
enum class Network : std::size_t { emotion_recognizer, melody_transformer, harmony_predictor, dynamics_engine, groove_predictor }; // index in `models`

inline constexpr const char* audio_features_file = "audio_features.onnx"; // sound in ("audio", batch x samples), audio_features out

struct Dimension { const char* name; double low, high; };
inline constexpr std::array<Dimension, 4> dimensions{{{"valence", -1, 1}, {"arousal", -1, 1}, {"dominance", -1, 1}, {"intensity", 0, 1}}}; // of an emotion
inline constexpr std::size_t bumps = 16; // of the code, for each dimension

} // namespace midikompanion
