//! Who listens where on this machine, as Linux tells it. Elsewhere nothing is known, and nothing is claimed.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A socket that waits for connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listener {
    address: SocketAddr,
    inode: u64,
}

/// The process that holds a port, as people know it: `python3 (process 4711)`. None when it cannot be told.
pub(super) fn holder(port: u16) -> Option<String> {
    let inodes: BTreeSet<u64> =
        listeners().into_iter().filter(|listener| listener.address.port() == port).map(|found| found.inode).collect();
    if inodes.is_empty() {
        return None;
    }
    let all = fs::read_dir("/proc").ok()?.flatten();
    let pid = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).find(|pid| !sockets_of(*pid).is_disjoint(&inodes))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(format!("{} (process {pid})", name.trim()))
}

/// Where these processes listen for others than this machine itself.
pub(super) fn open_to_others(pids: &BTreeSet<u32>) -> Vec<SocketAddr> {
    let theirs: BTreeSet<u64> = pids.iter().flat_map(|pid| sockets_of(*pid)).collect();
    let open = |listener: &Listener| theirs.contains(&listener.inode) && !listener.address.ip().to_canonical().is_loopback();
    listeners().into_iter().filter(open).map(|listener| listener.address).collect()
}

/// The numbers of the sockets that a process has open.
fn sockets_of(pid: u32) -> BTreeSet<u64> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    targets.filter_map(|target| target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()).collect()
}

fn listeners() -> Vec<Listener> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| fs::read_to_string(path).ok());
    tables.flat_map(|table| table.lines().filter_map(listener).collect::<Vec<_>>()).collect()
}

/// Reads one row: `1: 0100007F:1F90 00000000:0000 0A … <inode> …`.
fn listener(row: &str) -> Option<Listener> {
    let columns: Vec<&str> = row.split_whitespace().collect();
    let (ip, port) = columns.get(1)?.split_once(':')?;
    // 0A is the state LISTEN.
    if *columns.get(3)? != "0A" {
        return None;
    }
    let address = SocketAddr::new(ip_of(ip)?, u16::from_str_radix(port, 16).ok()?);
    Some(Listener { address, inode: columns.get(9)?.parse().ok()? })
}

/// An address as the kernel prints it: words of 32 bits, each as a number in the machine's own byte order.
fn ip_of(digits: &str) -> Option<IpAddr> {
    let words = (0..digits.len()).step_by(8).map(|start| u32::from_str_radix(digits.get(start..start + 8)?, 16).ok());
    let bytes: Vec<u8> = words.collect::<Option<Vec<u32>>>()?.into_iter().flat_map(u32::to_ne_bytes).collect();
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    <[u8; 16]>::try_from(bytes.as_slice()).ok().map(|bytes| Ipv6Addr::from(bytes).into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;
    use std::process;

    use super::*;

    #[test]
    fn the_holder_of_a_port_is_named() {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();

        let holder = holder(port).unwrap();

        assert!(holder.contains(&process::id().to_string()), "nobody would know which program to stop: {holder}");
    }

    #[test]
    fn a_port_that_nobody_holds_has_no_holder() {
        // A port that no system gives out, for a service that nobody has.
        assert_eq!(holder(1), None);
    }

    #[test]
    fn a_row_of_the_kernel_is_read() {
        let four = "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0";
        let six = "   2: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4712 1";
        let connected = "   3: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4713 1";

        let read: Vec<_> = [four, six, connected, "sl local_address"].into_iter().filter_map(listener).collect();

        let expected =
            [("127.0.0.1:8080", 4711), ("[::]:443", 4712)].map(|(address, inode)| Listener { address: address.parse().unwrap(), inode });
        assert_eq!(read, expected, "something could listen for the whole network unseen");
    }

    #[test]
    fn listening_on_loopback_is_not_open_to_others() {
        let _socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();

        assert_eq!(open_to_others(&BTreeSet::from([process::id()])), []);
    }
}
