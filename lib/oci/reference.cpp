#include "oci/reference.h"

#include <algorithm>

#include "base/strings.h"
#include "client/download.h"

namespace oci {

namespace {

constexpr size_t kMaxName = 255;
constexpr size_t kMaxTag = 128;

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// One part between slashes: lower-case letters and digits, with ".", "_", "__" or dashes between them.
bool is_component(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (is_lower_alnum(c) || c == '-') continue;
    if (c != '.' && c != '_') return false;
    // Separators don't follow one another, but for a double underscore.
    size_t run = 1;
    while (i + run < text.size() && (text[i + run] == '.' || text[i + run] == '_')) ++run;
    if (run > 1 && !(run == 2 && c == '_' && text[i + 1] == '_')) return false;
    i += run - 1;
  }
  return true;
}

bool is_repository(std::string_view text) {
  if (text.empty() || text.size() > kMaxName) return false;
  return std::ranges::all_of(split(text, '/'), is_component);
}

bool is_tag(std::string_view text) {
  auto word = [](char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || text.size() > kMaxTag || !word(text.front())) return false;
  return std::ranges::all_of(text, [&](char c) { return word(c) || c == '.' || c == '-'; });
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

constexpr const char* kHub = "docker.io";
constexpr const char* kHubNames[] = {"docker.io", "index.docker.io", "registry-1.docker.io"};

}  // namespace

bool is_digest(std::string_view text) {
  if (!text.starts_with("sha256:") || text.size() != 71) return false;
  return text.find_first_not_of("0123456789abcdef", 7) == text.npos;
}

std::string digest_hex(std::string_view digest) { return std::string(digest.substr(digest.find(':') + 1)); }

Result<> check_encrypted(std::string_view url) {
  client::Url parsed = TRY(client::parse_url(url));
  if (parsed.tls || is_loopback(parsed.host)) return {};
  return fail(Code::invalid, "Only https URLs are supported for OCI registries: {}", quote(url));
}

Result<RegistryUrl> parse_registry(std::string_view text) {
  RegistryUrl out;
  std::string url(text);
  size_t scheme = url.find("://");
  size_t place = scheme == url.npos ? 0 : scheme + 3;
  size_t at = url.substr(0, url.find('/', place)).rfind('@');
  if (at != url.npos && at >= place) {
    std::string user = url.substr(place, at - place);
    size_t colon = user.find(':');
    auto name = url_unescape(user.substr(0, colon)), password = url_unescape(colon == user.npos ? "" : user.substr(colon + 1));
    if (!name || !password) return fail(Code::invalid, "Invalid credentials in the registry's URL");
    out.user = *name;
    out.password = *password;
    url.erase(place, at + 1 - place);
  }
  TRY(check_encrypted(url));
  client::Url parsed = TRY(client::parse_url(url));
  out.prefix = parsed.target;
  while (out.prefix.starts_with('/')) out.prefix.erase(0, 1);
  while (out.prefix.ends_with('/')) out.prefix.pop_back();
  if (!out.prefix.empty() && !is_repository(out.prefix)) return fail(Code::invalid, "Invalid path in registry URL {}", quote(url));
  parsed.target = "";
  if (std::ranges::contains(kHubNames, parsed.host)) {
    out.name = kHub;
    parsed.host = "registry-1.docker.io";
  }
  out.base = parsed.text();
  if (out.name.empty()) out.name = out.base.substr(out.base.find("://") + 3);
  return out;
}

Result<Reference> parse_reference(const RegistryUrl& registry, std::string_view image) {
  Reference out;
  std::string_view rest = image;
  if (size_t at = rest.find('@'); at != rest.npos) {
    out.digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_digest(out.digest)) return fail(Code::invalid, "Invalid image name {}: its digest must be sha256: and 64 hex digits", quote(image));
  }
  size_t slash = rest.rfind('/');
  size_t colon = rest.find(':', slash == rest.npos ? 0 : slash);
  out.repository = rest.substr(0, colon);
  if (colon != rest.npos && !is_tag(rest.substr(colon + 1))) return fail(Code::invalid, "Invalid image name {}: bad tag", quote(image));
  if (out.digest.empty()) out.tag = colon == rest.npos ? "latest" : rest.substr(colon + 1);
  if (!registry.prefix.empty()) out.repository = registry.prefix + "/" + out.repository;
  if (registry.name == kHub && !out.repository.contains('/')) out.repository = "library/" + out.repository;
  if (!is_repository(out.repository)) return fail(Code::invalid, "Invalid image name {}: use lower-case letters, digits and . _ - / in it", quote(image));
  return out;
}

}  // namespace oci
