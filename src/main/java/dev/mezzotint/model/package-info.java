/**
 * Models on disk and in the object store: network configuration, card, weights, and references to
 * models. Imports {@code java.*}, {@code iadb}, {@code image}, {@code job}, {@code json} and {@code
 * storage}.
 */
@NullMarked
package dev.mezzotint.model;

import org.jspecify.annotations.NullMarked;
