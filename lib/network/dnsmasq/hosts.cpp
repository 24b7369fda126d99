// Reading and writing the files beside a network's dnsmasq.
#include "network/dnsmasq/hosts.h"

#include <unistd.h>

#include <filesystem>

#include "core/paths.h"

namespace network::dnsmasq {
namespace {

/// Slashes in device names become dashes, dashes are doubled: two devices never share a file.
std::string encode_device(std::string_view name) {
  std::string out;
  for (char c : name) out += c == '/' ? "-" : c == '-' ? "--" : std::string(1, c);
  return out;
}

/// The text of a host file; empty where dnsmasq needs none.
std::string host_line(const StringMap& config, const Reservation& reservation) {
  std::string hwaddr = to_lower(reservation.hwaddr), line = hwaddr;
  if (!reservation.ipv4.empty()) line += "," + reservation.ipv4;
  if (!reservation.ipv6.empty()) line += ",[" + reservation.ipv6 + "]";
  std::string mode = get_or(config, "dns.mode");
  if (mode.empty() || mode == "managed") line += "," + reservation.instance;
  return hwaddr.empty() || line == hwaddr ? "" : line + "\n";
}

std::string host_path(const std::string& folder, const std::string& file) { return hosts_folder(folder) + "/" + file; }

StringList host_files(const std::string& folder) {
  StringList names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(hosts_folder(folder), error)) names.push_back(entry.path().filename());
  return names;
}

}  // namespace

std::string hosts_folder(const std::string& folder) { return folder + "/dnsmasq.hosts"; }

std::string host_file_name(const std::string& project, const std::string& instance, const std::string& device) {
  return core::project_prefix(project, instance) + "." + encode_device(device);
}

Result<> write_host(const std::string& folder, const StringMap& config, const Reservation& reservation) {
  std::string path = host_path(folder, host_file_name(reservation.project, reservation.instance, reservation.device));
  std::string line = host_line(config, reservation);
  if (line.empty()) {
    ::unlink(path.c_str());
    return {};
  }
  if (read_file(path).value_or("") == line) return {};
  return write_file_atomic(path, line, 0644);
}

bool remove_host(const std::string& folder, const std::string& project, const std::string& instance, const std::string& device) {
  return ::unlink(host_path(folder, host_file_name(project, instance, device)).c_str()) == 0;
}

Result<> replace_hosts(const std::string& folder, const StringMap& config, const std::vector<Reservation>& reservations) {
  StringList wanted;
  for (const Reservation& item : reservations) {
    wanted.push_back(host_file_name(item.project, item.instance, item.device));
    TRY(write_host(folder, config, item));
  }
  for (const std::string& file : host_files(folder))
    if (!contains(wanted, file)) ::unlink(host_path(folder, file).c_str());
  return {};
}

std::optional<Host> read_host(const std::string& folder, const std::string& file) {
  auto text = read_file(host_path(folder, file), 1 << 16);
  if (!text) return std::nullopt;
  Host host{.file = file};
  for (const std::string& field : split_list(split(*text, '\n')[0])) {
    if (parse_mac(field)) host.hwaddr = field;
    else if (field.starts_with('[') && field.ends_with(']')) host.v6 = IpAddress::parse(field.substr(1, field.size() - 2));
    else if (auto address = IpAddress::parse(field); address && address->is_v4()) host.v4 = address;
  }
  return host;
}

std::vector<Host> read_hosts(const std::string& folder) {
  std::vector<Host> hosts;
  for (const std::string& file : host_files(folder))
    if (auto host = read_host(folder, file)) hosts.push_back(std::move(*host));
  return hosts;
}

std::vector<Lease> read_leases(const std::string& folder) { return parse_leases(read_file(folder + "/dnsmasq.leases").value_or("")); }

std::vector<Lease> parse_leases(const std::string& text) {
  std::vector<Lease> leases;
  for (const std::string& line : split(text, '\n')) {
    StringList fields = split_list(line, ' ');
    if (fields.size() < 5) continue;
    auto address = IpAddress::parse(fields[2]);
    if (!address) continue;
    Lease lease{.expires = parse_int(fields[0]).value_or(0), .address = *address, .hostname = fields[3], .client_id = fields[4]};
    if (address->is_v4()) lease.hwaddr = to_lower(fields[1]);
    leases.push_back(std::move(lease));
  }
  return leases;
}

}  // namespace network::dnsmasq
