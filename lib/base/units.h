// Human spellings of sizes and rates, as config values and tables use them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// "10GiB", "512kB", "3 MB", "123", "10B" -> bytes. Decimal (kB, MB, …, EB) and binary (KiB, …, EiB) suffixes.
std::optional<int64_t> parse_byte_size(std::string_view text);
/// "100Mbit", "1Gibit", "300" -> bits per second.
std::optional<int64_t> parse_bit_size(std::string_view text);
/// 1234567 -> "1.18MiB" with `precision` digits; under 1 KiB "17B".
std::string format_byte_size(int64_t bytes, int precision = 2);
/// The same with decimal suffixes (kB, MB).
std::string format_byte_size_decimal(int64_t bytes, int precision = 2);
