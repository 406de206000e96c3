/// The last part of a path: what a file is called without its folders.
package func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
