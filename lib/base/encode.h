// Hex, base64 (RFC 4648), random bytes and version-4 UUIDs (RFC 9562).
#pragma once
#include <optional>
#include <string>
#include <string_view>

std::string hex_encode(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);
/// Accepts the standard and the URL alphabet, with or without padding.
std::optional<std::string> base64_decode(std::string_view text);
/// From the kernel's generator (getrandom(2)); aborts if that fails.
std::string random_bytes(size_t count);
/// 64 hex characters: the shape of the API's secrets.
std::string random_secret();
std::string random_uuid();
bool is_uuid(std::string_view text);
