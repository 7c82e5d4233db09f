/**
 * Networks described in Java and emitted as TorchScript, and the interfaces of the devices that run
 * them. Imports {@code java.*}, {@code iadb} and {@code model} only; nothing here touches a device.
 */
@NullMarked
package dev.mezzotint.network;

import org.jspecify.annotations.NullMarked;
