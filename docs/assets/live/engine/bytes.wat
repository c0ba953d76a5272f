;; Weights of 8 bits without blocks, in whole numbers (WebAssembly SIMD): eight products and the four sums
;; of two of them are one instruction, dot_i16x8. For that, x is rounded to 16 bits. Whoever calls divides
;; by the multiplier of the matrix afterwards.
;;
;; All addresses are bytes in one memory, which kernel.js owns; `width` counts numbers. plain.js says the
;; same in plain JavaScript, where x need not be rounded: read it first.
(module
  (import "live" "memory" (memory 1))

  ;; The sum of the four lanes.
  (func $sum (param $v v128) (result f32)
    (local.set $v (f32x4.add (local.get $v)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v))))
    (f32.add (f32x4.extract_lane 0 (local.get $v)) (f32x4.extract_lane 1 (local.get $v))))

  ;; Four numbers of x as whole numbers.
  (func $whole (param $x i32) (param $times v128) (result v128)
    (i32x4.trunc_sat_f32x4_s (f32x4.nearest (f32x4.mul (v128.load (local.get $x)) (local.get $times)))))

  ;; x to whole numbers of 16 bits: number = scale · whole, and the largest is 32,767. `room` is where they
  ;; go, with the scale after them.
  (func $round (param $x i32) (param $room i32) (param $width i32)
    (local $end i32) (local $at i32) (local $most v128)
    (local.set $end (i32.add (local.get $x) (i32.mul (local.get $width) (i32.const 4))))
    (local.set $at (local.get $x))
    (loop $four
      (local.set $most (f32x4.pmax (local.get $most) (f32x4.abs (v128.load (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $at) (local.get $end))))
    (local.set $most (f32x4.pmax (local.get $most)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $most) (local.get $most))))
    (local.set $most (f32x4.pmax (local.get $most)
      (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $most) (local.get $most))))
    (f32.store (i32.add (local.get $room) (i32.mul (local.get $width) (i32.const 2)))
      (f32.div (f32x4.extract_lane 0 (local.get $most)) (f32.const 32767)))
    (local.set $most (f32x4.div (f32x4.splat (f32.const 32767)) (local.get $most)))
    (loop $eight
      (v128.store (local.get $room) (i16x8.narrow_i32x4_s (call $whole (local.get $x) (local.get $most))
        (call $whole (i32.add (local.get $x) (i32.const 16)) (local.get $most))))
      (local.set $x (i32.add (local.get $x) (i32.const 32)))
      (local.set $room (i32.add (local.get $room) (i32.const 16)))
      (br_if $eight (i32.lt_u (local.get $x) (local.get $end)))))

  ;; out = W · x for one position; `room` is for x rounded. With one scale for all of x, sums stay whole to
  ;; the end of a row: a lane holds a quarter of its products, below 2^31 up to a width of 2,048. Four rows
  ;; go together, so that what is read of x serves them all; `rows` is a multiple of 4, `width` of 32.
  (func (export "rowsI8") (param $w i32) (param $rows i32) (param $x i32) (param $width i32) (param $out i32) (param $room i32)
    (local $to i32) (local $at i32) (local $end i32) (local $w1 i32) (local $w2 i32) (local $w3 i32)
    (local $v v128) (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128) (local $scale f32)
    (call $round (local.get $x) (local.get $room) (local.get $width))
    (local.set $x (local.get $room))
    (local.set $to (i32.add (local.get $out) (i32.mul (local.get $rows) (i32.const 4))))
    (local.set $end (i32.add (local.get $x) (i32.mul (local.get $width) (i32.const 2))))
    (local.set $scale (f32.load (local.get $end)))
    (loop $rows4
      (local.set $w1 (i32.add (local.get $w) (local.get $width)))
      (local.set $w2 (i32.add (local.get $w1) (local.get $width)))
      (local.set $w3 (i32.add (local.get $w2) (local.get $width)))
      (local.set $at (local.get $x))
      (local.set $s0 (v128.const i32x4 0 0 0 0)) (local.set $s1 (v128.const i32x4 0 0 0 0))
      (local.set $s2 (v128.const i32x4 0 0 0 0)) (local.set $s3 (v128.const i32x4 0 0 0 0))
      (loop $along
        (local.set $v (v128.load (local.get $at)))
        (local.set $s0 (i32x4.add (local.get $s0) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s (local.get $w)))))
        (local.set $s1 (i32x4.add (local.get $s1) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s (local.get $w1)))))
        (local.set $s2 (i32x4.add (local.get $s2) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s (local.get $w2)))))
        (local.set $s3 (i32x4.add (local.get $s3) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s (local.get $w3)))))
        (local.set $v (v128.load offset=16 (local.get $at)))
        (local.set $s0 (i32x4.add (local.get $s0) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=8 (local.get $w)))))
        (local.set $s1 (i32x4.add (local.get $s1) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=8 (local.get $w1)))))
        (local.set $s2 (i32x4.add (local.get $s2) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=8 (local.get $w2)))))
        (local.set $s3 (i32x4.add (local.get $s3) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=8 (local.get $w3)))))
        (local.set $v (v128.load offset=32 (local.get $at)))
        (local.set $s0 (i32x4.add (local.get $s0) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=16 (local.get $w)))))
        (local.set $s1 (i32x4.add (local.get $s1) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=16 (local.get $w1)))))
        (local.set $s2 (i32x4.add (local.get $s2) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=16 (local.get $w2)))))
        (local.set $s3 (i32x4.add (local.get $s3) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=16 (local.get $w3)))))
        (local.set $v (v128.load offset=48 (local.get $at)))
        (local.set $s0 (i32x4.add (local.get $s0) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=24 (local.get $w)))))
        (local.set $s1 (i32x4.add (local.get $s1) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=24 (local.get $w1)))))
        (local.set $s2 (i32x4.add (local.get $s2) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=24 (local.get $w2)))))
        (local.set $s3 (i32x4.add (local.get $s3) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s offset=24 (local.get $w3)))))
        (local.set $w (i32.add (local.get $w) (i32.const 32)))
        (local.set $w1 (i32.add (local.get $w1) (i32.const 32)))
        (local.set $w2 (i32.add (local.get $w2) (i32.const 32)))
        (local.set $w3 (i32.add (local.get $w3) (i32.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br_if $along (i32.lt_u (local.get $at) (local.get $end))))
      (f32.store (local.get $out) (f32.mul (local.get $scale) (call $sum (f32x4.convert_i32x4_s (local.get $s0)))))
      (f32.store offset=4 (local.get $out) (f32.mul (local.get $scale) (call $sum (f32x4.convert_i32x4_s (local.get $s1)))))
      (f32.store offset=8 (local.get $out) (f32.mul (local.get $scale) (call $sum (f32x4.convert_i32x4_s (local.get $s2)))))
      (f32.store offset=12 (local.get $out) (f32.mul (local.get $scale) (call $sum (f32x4.convert_i32x4_s (local.get $s3)))))
      (local.set $w (local.get $w3))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $rows4 (i32.lt_u (local.get $out) (local.get $to))))))
