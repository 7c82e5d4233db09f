package dev.mezzotint.worker;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Documents and bounds one setting. The checks at start and the table in {@code docs/operations.md}
 * are both made from it.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Setting {
  /** What the setting means, in Markdown. */
  String value();

  /** The default in words, where it is not a constant of {@code @WithDefault}. */
  String shown() default "";

  /** The smallest number; only where {@link #max} is set. */
  double min() default 0;

  /** The largest number; 0 where the setting is not a number. */
  double max() default 0;

  /** The words to choose from, where the type does not say them. */
  String[] words() default {};
}
