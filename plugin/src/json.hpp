// As much JSON as it takes to read the metadata of our files: any order, any white space, nothing is copied or allocated.
#pragma once
#include <algorithm>
#include <string_view>

namespace midikompanion::json {

inline std::string_view trimmed(std::string_view text) noexcept // without white space in front
{
    return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// Length of the value that `text` starts with, 0 when there is none that ends.
inline std::size_t length(std::string_view text) noexcept
{
    if (text.empty()) return 0;
    if (text[0] == '"') {
        for (std::size_t i = 1; i < text.size(); ++i) {
            if (text[i] == '\\') ++i;
            else if (text[i] == '"') return i + 1;
        }
        return 0;
    }
    if (text[0] != '{' && text[0] != '[') return std::min(text.find_first_of(",]}: \t\r\n"), text.size());
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') {
            const std::size_t n = length(text.substr(i));
            if (n == 0) return 0;
            i += n - 1;
        }
        else if (text[i] == '{' || text[i] == '[') ++depth;
        else if ((text[i] == '}' || text[i] == ']') && --depth == 0) return i + 1;
    }
    return 0;
}

// Walks over the members of an object or the elements of an array; ends early where the text is damaged.
class Items {
public:
    explicit Items(std::string_view text) noexcept
    {
        text = trimmed(text);
        if (text.empty() || (text[0] != '{' && text[0] != '[')) return;
        object_ = text[0] == '{';
        rest_ = text.substr(1);
    }

    bool next() noexcept
    {
        if (object_ && !(take(key) && skip(':'))) return false;
        if (!take(value)) return false;
        if (!skip(',')) rest_ = {};
        return true;
    }

    std::string_view key, value; // as they are written, texts with their quotes

private:
    bool take(std::string_view& item) noexcept
    {
        rest_ = trimmed(rest_);
        item = rest_.substr(0, length(rest_));
        rest_.remove_prefix(item.size());
        return !item.empty();
    }

    bool skip(char mark) noexcept
    {
        rest_ = trimmed(rest_);
        if (rest_.empty() || rest_[0] != mark) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::string_view rest_;
    bool object_ = false;
};

inline std::string_view unquoted(std::string_view value) noexcept
{
    return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

// The value of a key of an object, without quotes; empty when it is not there.
inline std::string_view member(std::string_view object, std::string_view key) noexcept
{
    for (Items items(object); items.next();)
        if (unquoted(items.key) == key) return unquoted(items.value);
    return {};
}

// A number without sign and of at most nine digits, rounded down; 0 for anything else.
inline std::size_t whole(std::string_view value) noexcept
{
    const auto digits = value.substr(0, value.find('.'));
    std::size_t n = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9' || digits.size() > 9) return 0;
        n = 10 * n + std::size_t(c - '0');
    }
    return n;
}

} // namespace midikompanion::json
